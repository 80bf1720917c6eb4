/** Samples that are looked at or measured, with holes that depend on the seed and the sample's id alone. */
import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { stream } from '../runtime/seed.ts';
import { toBatch } from './batch.ts';
import { drawHole } from './masks/pool.ts';
import { decodePair } from './pair.ts';
import type { Batch, PreparedSample } from './types.ts';

/** Reads samples as a batch, see {@link Batch}; the caller disposes of it. Throws UnusableImage for damaged files. */
export async function heldOutBatch(config: Config, samples: readonly PreparedSample[]): Promise<Batch> {
  const n = config.resolution;
  const images = new Uint8Array(samples.length * n * n * 3);
  const sketches = new Uint8Array(samples.length * n * n);
  const holes = new Float32Array(samples.length * n * n);
  for (const [i, { id, pairPath }] of samples.entries()) {
    const { photo, sketch } = await decodePair(pairPath, n);
    images.set(photo, i * n * n * 3);
    sketches.set(sketch, i * n * n);
    holes.set(drawHole(config.data.holes, n, stream(config.seed, 'held-out hole', id)), i * n * n);
  }
  const raw = { ids: samples.map(({ id }) => id), resolution: n, images, sketches };
  return toBatch(raw, config.task === 'edit' ? holes : undefined);
}

/** What tells two held-out sets apart: a hash of seed, hole settings and ids. */
export function heldOutHash(config: Config, samples: readonly PreparedSample[]): string {
  const { seed, task, resolution } = config;
  const identity = [seed, task, resolution, config.data.holes, samples.map(({ id }) => id)];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
