/** Pictures that cost nothing to get, for timings that do not depend on what is in them. */
import type { RunConfig } from '../../src/config/run-config.ts';
import { toBatch } from '../../src/data/batch.ts';
import { drawHole } from '../../src/data/holes.ts';
import type { Batch } from '../../src/data/types.ts';
import { stream } from '../../src/runtime/seed.ts';

/** Rows of a made-up sketch that are lines: one in so many. */
const ROWS_PER_LINE = 21;

/** A batch of noise, straight lines and holes of the config's kind, n px a side. The caller disposes of it. */
export function makeUpBatch(config: RunConfig, count: number, n: number = config.resolution): Batch {
  const random = stream(1, 'made-up batch');
  const images = Uint8Array.from({ length: count * n * n * 3 }, () => random.integer(0, 256));
  const sketches = Uint8Array.from({ length: count * n * n }, (_, i) =>
    Math.floor(i / n) % ROWS_PER_LINE === 0 ? 0 : 255,
  );
  const holes = new Float32Array(count * n * n);
  for (let i = 0; i < count; i++) holes.set(drawHole(config.data.holes, n, random), i * n * n);
  return toBatch({ ids: Array(count).fill(''), resolution: n, images, sketches }, holes);
}
