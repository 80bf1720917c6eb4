/** How cost grows, in tables. */
import { digits } from './finding.ts';
import type { Peak } from './peak.ts';
import type { Sweep, SweepPoint } from './scaling.ts';

export interface ScalingTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What an iteration of each work is. */
const ITERATION = { training: 'a step', loader: 'a queue of batches', preparation: 'all images' } as const;

/** A table for what was varied; the share of the peak says how far from the machine's limit it ran. */
export function scalingTable({ work, axis, fixed, points }: Sweep, peak: Peak): ScalingTable {
  const computes = points.some(({ gflops }) => gflops > 0);
  const cells = ({ x, seconds, imagesPerSecond, peakBytes, gflops }: SweepPoint) => [
    String(x),
    `${digits(seconds.value)} s`,
    digits(imagesPerSecond),
    `${digits(peakBytes / 2 ** 20)} MB`,
    ...(computes ? [digits(gflops), `${((100 * gflops) / peak.value).toFixed(0)} %`] : []),
  ];
  const rates = computes ? ['GFLOP/s', 'of the peak'] : [];
  return {
    title: `${work} (${fixed})`,
    head: [axis, ITERATION[work], 'images/s', 'peak memory', ...rates],
    rows: points.map(cells),
  };
}

/** What the machine reaches at best, in a sentence. */
export const peakLine = (peak: Peak): string =>
  `Peak: ${digits(peak.value)} GFLOP/s, reached by a ${peak.way}.`;
