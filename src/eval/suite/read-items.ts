/** Items of a set as tensors. */

import { toBatch } from '../../data/batch.ts';
import { drawColourStrokes } from '../../data/colour-strokes.ts';
import { drawHole } from '../../data/masks/pool.ts';
import { decodePair } from '../../data/pair.ts';
import type { Batch, PreparedSample } from '../../data/types.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { UserError } from '../../runtime/errors.ts';
import { stream } from '../../runtime/seed.ts';
import { degradeSketch } from './degrade.ts';
import type { EvaluationSet, Item } from './set.ts';

/** NHWC at the set's resolution; see {@link Batch}. */
export interface ItemBatch extends Batch {
  /** The sketch that methods are given, degraded by d. */
  readonly sketch: Tensor4D;
  /** The photo's own. */
  readonly trueSketch: Tensor4D;
}

/**
 * Reads items with their sketches degraded by d; the caller disposes of the tensors. Every item comes out alike in any batch.
 *
 * @param withStrokes whether strokes of colour are wanted; there are none either way if the suite says so.
 */
export async function readItems(
  set: EvaluationSet,
  items: readonly Item[],
  degradation: number,
  withStrokes: boolean,
): Promise<ItemBatch> {
  const { resolution: n, suite } = set;
  const photos = new Map(items.map(({ photo }) => [photo.id, photo]));
  const pairs = new Map(
    await Promise.all(
      [...photos.values()].map(
        async (photo) => [photo.id, await decodePair(photo.pairPath, n).catch(explainLoss(photo))] as const,
      ),
    ),
  );
  const images = new Uint8Array(items.length * n * n * 3);
  const sketches = new Uint8Array(items.length * n * n);
  const given = new Float32Array(items.length * n * n);
  const holes = new Float32Array(items.length * n * n);
  for (const [i, { photo, hole }] of items.entries()) {
    const pair = pairs.get(photo.id)!;
    const mask = holeOf(set, items[i]);
    images.set(pair.photo, i * n * n * 3);
    sketches.set(pair.sketch, i * n * n);
    holes.set(mask, i * n * n);
    if (degradation === 0) continue;
    const degraded = degradeSketch({
      lines: pair.sketch.map((value) => (value < 128 ? 1 : 0)),
      hole: mask,
      size: n,
      degradation,
      settings: suite.sketches,
      seed: suite.seed,
      names: [photo.id, hole],
    });
    given.set(degraded, i * n * n);
  }
  const raw = { ids: items.map(({ photo }) => photo.id), resolution: n, images, sketches };
  const { image, sketch: trueSketch, hole } = toBatch(raw, holes);
  const sketch = degradation === 0 ? trueSketch.clone() : tf.tensor4d(given, [items.length, n, n, 1]);
  const streamOf = (i: number) => stream(suite.seed, 'evaluation strokes', raw.ids[i]);
  const colour = suite.strokes && withStrokes ? drawColourStrokes(image, streamOf) : undefined;
  return { image, sketch, trueSketch, hole, ...(colour && { colour }) };
}

/** An item's hole mask [n, n], 1 = hole; it depends on the suite's seed, the photo's id and the kind alone. */
export function holeOf({ suite, resolution }: EvaluationSet, { photo, hole }: Item): Uint8Array {
  if (hole === 'all') return new Uint8Array(resolution * resolution).fill(1);
  return drawHole({ kinds: [hole] }, resolution, stream(suite.seed, 'evaluation hole', photo.id, hole));
}

/** The set has been read once, so a file that fails now has changed since. */
const explainLoss =
  (photo: PreparedSample) =>
  (error: Error): never => {
    throw new UserError('A photo of the set can no longer be read.', {
      where: photo.pairPath,
      got: error.message,
      fix: 'start again: the set is then chosen without it',
    });
  };
