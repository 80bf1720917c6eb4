/** Samples that are looked at or measured, with holes and strokes that depend on the seed and the sample's id alone. */
import { createHash } from 'node:crypto';
import type { RunConfig } from '../config/run-config.ts';
import type { Reporter } from '../runtime/progress.ts';
import { stream } from '../runtime/seed.ts';
import { packPairs, toBatch } from './batch.ts';
import { drawColourStrokes } from './colour-strokes.ts';
import { UnusableImage } from './decode.ts';
import { drawHole } from './holes.ts';
import { decodePair, type Pair } from './pair.ts';
import type { Batch, PreparedSample } from './types.ts';

/**
 * Reads samples as a batch, see {@link Batch}, with strokes of colour drawn from the photos as in training, for the methods
 * that take them; the caller disposes of it. Samples that have gone missing or are damaged are left out, with a warning;
 * undefined when none is left.
 */
export async function heldOutBatch(
  config: RunConfig,
  samples: readonly PreparedSample[],
  reporter: Reporter,
): Promise<Batch | undefined> {
  const n = config.resolution;
  const read: (Pair & { id: string })[] = [];
  for (const { id, pairPath, part } of samples) {
    try {
      read.push({ id, ...(await decodePair(pairPath, n, part)) });
    } catch (error) {
      if (!(error instanceof UnusableImage)) throw error;
      reporter.warn(`A held-out sample cannot be read and is left out: ${pairPath}: ${error.message}`);
    }
  }
  if (read.length === 0) return undefined;
  const holes = new Float32Array(read.length * n * n);
  for (const [i, { id }] of read.entries())
    holes.set(drawHole(config.data.holes, n, stream(config.seed, 'held-out hole', id)), i * n * n);
  const raw = packPairs(read, n);
  const batch = toBatch(raw, config.task === 'edit' ? holes : undefined);
  const streamOf = (i: number) => stream(config.seed, 'held-out strokes', raw.ids[i]);
  return { ...batch, colour: drawColourStrokes(batch.image, streamOf) };
}

/** What tells two held-out sets apart: a hash of seed, hole settings and ids. */
export function heldOutHash(config: RunConfig, samples: readonly PreparedSample[]): string {
  const { seed, task, resolution } = config;
  const identity = [seed, task, resolution, config.data.holes, samples.map(({ id }) => id)];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
