/** How many floating-point operations a second this machine does at best. */
import { nativeBackend } from '../src/ops/raw.ts';
import { Contestant } from './contestant.ts';
import { type Interval, medianAndQuartiles } from './statistics.ts';
import { PEAK_WAYS, type PeakWay } from './works.ts';

export interface Peak extends Interval {
  /** What reached it, for people. */
  readonly way: string;
}

/** A matrix that only a GPU multiplies in reasonable time. */
const LARGEST: PeakWay = 'product of two matrices of 8192²';

/** Whether TensorFlow computes on a GPU. */
export const usesGpu = (): boolean => nativeBackend().isUsingGpuDevice;

/** A large product or convolution, and the environment that it runs in. */
interface PeakTry {
  readonly way: PeakWay;
  readonly env: { readonly TF_ENABLE_ONEDNN_OPTS?: string };
}

/** What the peak is looked for in; on a CPU with oneDNN and without it, as neither is faster at everything. */
export function planPeak(): PeakTry[] {
  const onGpu = usesGpu();
  const engines = onGpu ? [{}] : ['1', '0'].map((value) => ({ TF_ENABLE_ONEDNN_OPTS: value }));
  return (Object.keys(PEAK_WAYS) as PeakWay[])
    .filter((way) => onGpu || way !== LARGEST)
    .flatMap((way) => engines.map((env) => ({ way, env })));
}

/**
 * GFLOP/s of the fastest of at least one try, each in a process of its own.
 *
 * @param progress told how many tries are done.
 */
export async function measurePeak(
  tries: readonly PeakTry[],
  runs: number,
  progress: (done: number) => void,
): Promise<Peak> {
  const found: Peak[] = [];
  for (const { way, env } of tries) {
    const { seconds, operations } = await Contestant.run({ what: 'peak', way, env, runs });
    const engine = env.TF_ENABLE_ONEDNN_OPTS === '0' ? ', without oneDNN' : '';
    const rates = seconds.map((time) => operations / time / 1e9);
    found.push({ ...medianAndQuartiles(rates), way: way + engine });
    progress(found.length);
  }
  return found.reduce((best, peak) => (peak.value > best.value ? peak : best));
}
