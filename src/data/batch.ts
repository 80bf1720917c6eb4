import { type Tensor4D, tf } from '../ops/tf.ts';
import type { Batch, RawBatch } from './types.ts';

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
