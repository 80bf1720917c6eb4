/** How many floating-point operations a second this machine does at best. */
import { tf } from '../../runtime/tf.ts';
import { Contestant } from './contestant.ts';
import { type Interval, medianAndQuartiles } from './statistics.ts';
import { PEAK_WAYS, type PeakWay } from './work/peak.ts';

export interface Peak extends Interval {
  /** What reached it, for people. */
  readonly way: string;
}

/** A matrix that only a GPU multiplies in reasonable time. */
const LARGEST: PeakWay = 'product of two matrices of 8192²';

/** Whether TensorFlow computes on a GPU. */
export const usesGpu = (): boolean =>
  (tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice;

/**
 * GFLOP/s of the fastest of several large products and convolutions, each in a process of its own; on a CPU with
 * oneDNN and without it, as neither is faster at everything.
 *
 * @param progress told which share of them has been measured, 0-1.
 */
export async function measurePeak(
  runs: number,
  progress: (share: number) => void,
  ways: readonly PeakWay[] = Object.keys(PEAK_WAYS) as PeakWay[],
): Promise<Peak> {
  const onGpu = usesGpu();
  const engines: { TF_ENABLE_ONEDNN_OPTS?: string }[] = onGpu
    ? [{}]
    : ['1', '0'].map((value) => ({ TF_ENABLE_ONEDNN_OPTS: value }));
  const tries = ways
    .filter((way) => onGpu || way !== LARGEST)
    .flatMap((way) => engines.map((env) => ({ way, env })));
  let best: Peak | undefined;
  for (const [index, { way, env }] of tries.entries()) {
    progress(index / tries.length);
    const { durations, operations } = await Contestant.run({ what: 'peak', way, env, runs });
    const rate = medianAndQuartiles(durations.map(({ seconds }) => operations / seconds / 1e9));
    const engine = env.TF_ENABLE_ONEDNN_OPTS === '0' ? ', without oneDNN' : '';
    if (!best || rate.value > best.value) best = { ...rate, way: way + engine };
  }
  return best!;
}
