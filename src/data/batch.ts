import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Pair } from './pair.ts';
import type { Batch, RawBatch } from './types.ts';

/** Decoded samples one after another, as {@link toBatch} takes them. @param n side of the photos and sketches, px. */
export function packPairs(samples: readonly (Pair & { readonly id: string })[], n: number): RawBatch {
  const images = new Uint8Array(samples.length * n * n * 3);
  const sketches = new Uint8Array(samples.length * n * n);
  for (const [i, { photo, sketch }] of samples.entries()) {
    images.set(photo, i * n * n * 3);
    sketches.set(sketch, i * n * n);
  }
  return { ids: samples.map(({ id }) => id), resolution: n, images, sketches };
}

/**
 * Bytes to the tensors of a training step: images and sketches to [-1, 1] (0 to -1, 255 to +1). The caller disposes of
 * them.
 *
 * @param holes [n * s * s], 1 = hole. Without them all is hole, as in synthesis.
 */
export function toBatch(raw: RawBatch, holes?: Float32Array): Batch {
  const n = raw.ids.length;
  const s = raw.resolution;
  return {
    image: toUnitRange(raw.images, [n, s, s, 3]),
    sketch: toUnitRange(raw.sketches, [n, s, s, 1]),
    hole: holes ? tf.tensor4d(holes, [n, s, s, 1]) : tf.ones([n, s, s, 1]),
  };
}

function toUnitRange(bytes: Uint8Array, shape: [number, number, number, number]): Tensor4D {
  // A plain loop: `from` with a function takes thirty times as long.
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] / 255 - 0.5) / 0.5;
  return tf.tensor4d(values, shape);
}
