import { type Tensor4D, tf } from '../ops/tf.ts';
import { mirrorRows } from './augment.ts';
import type { Pair } from './pair.ts';
import type { Batch, RawBatch } from './types.ts';

/** Decoded samples one after another, as {@link toBatch} takes them. @param n side of the photos and sketches, px. */
export function packPairs(
  samples: readonly (Pair & { readonly id: string; readonly mirrored?: boolean })[],
  n: number,
): RawBatch {
  const images = new Uint8Array(samples.length * n * n * 3);
  const sketches = new Uint8Array(samples.length * n * n);
  for (const [i, { photo, sketch }] of samples.entries()) {
    images.set(photo, i * n * n * 3);
    sketches.set(sketch, i * n * n);
  }
  const mirrored = samples.map((sample) => sample.mirrored ?? false);
  return { ids: samples.map(({ id }) => id), resolution: n, images, sketches, mirrored };
}

/**
 * Bytes to the tensors of a training step: images and sketches to [-1, 1] (0 to -1, 255 to +1). The caller disposes of
 * them.
 *
 * @param holes [n * s * s], 1 = hole, for photos that are not mirrored yet. Without them all is hole, as in synthesis.
 */
export function toBatch(raw: RawBatch, holes?: Float32Array): Batch {
  const n = raw.ids.length;
  const s = raw.resolution;
  return {
    image: toUnitRange(raw.images, [n, s, s, 3]),
    sketch: toUnitRange(raw.sketches, [n, s, s, 1]),
    hole: holes ? tf.tensor4d(mirrorHoles(raw, holes), [n, s, s, 1]) : tf.ones([n, s, s, 1]),
  };
}

function mirrorHoles({ mirrored = [], resolution: s }: RawBatch, holes: Float32Array): Float32Array {
  if (!mirrored.includes(true)) return holes;
  const result = holes.slice();
  for (const [i, is] of mirrored.entries())
    if (is) result.set(mirrorRows(holes.subarray(i * s * s, (i + 1) * s * s), s, 1), i * s * s);
  return result;
}

function toUnitRange(bytes: Uint8Array, shape: [number, number, number, number]): Tensor4D {
  // A plain loop: `from` with a function takes thirty times as long.
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] / 255 - 0.5) / 0.5;
  return tf.tensor4d(values, shape);
}
