import type { Hed } from '../nn/hed.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';

/**
 * HED's edge probabilities [size * size] of square RGB images of bytes, run as one batch. Each is continued by
 * reflection on all sides for the network, as a border of zeros would itself be an edge.
 */
export async function detectEdges(
  hed: Hed,
  images: readonly Uint8Array[],
  size: number,
  padding: number,
): Promise<Float32Array[]> {
  const area = size * size;
  const cropped = tf.tidy(() => {
    const bytes = new Float32Array(images.length * area * 3);
    for (const [i, image] of images.entries()) bytes.set(image, i * area * 3);
    const batch = tf.tensor4d(bytes, [images.length, size, size, 3]);
    const pad: [number, number] = [padding, padding];
    const padded = tf.mirrorPad(batch, [[0, 0], pad, pad, [0, 0]], 'reflect') as Tensor4D;
    return tf.slice(hed.edges(padded).fused, [0, padding, padding, 0], [images.length, size, size, 1]);
  });
  const values = (await cropped.data()) as Float32Array;
  cropped.dispose();
  return images.map((_, i) => values.slice(i * area, (i + 1) * area));
}
