/** Building blocks of sketch degradation; sketches are [n,h,w,1]. */
import { type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';

/** Pads height and width by `pad` pixels equal to the border (torch ReplicationPad2d). */
export function replicationPad(x: Tensor4D, pad: number): Tensor4D {
  const clamped = (size: number) =>
    tf.tensor1d(
      Array.from({ length: size + 2 * pad }, (_, i) => Math.min(size - 1, Math.max(0, i - pad))),
      'int32',
    );
  return tf.tidy(() => tf.gather(tf.gather(x, clamped(x.shape[1]), 1), clamped(x.shape[2]), 2));
}

/** Correlation of each channel's plane with one kernel [k,k], k odd; the border is replicated, the size kept. */
export function filter(x: Tensor4D, kernel: Tensor2D): Tensor4D {
  const size = kernel.shape[0];
  return tf.tidy(() => {
    const weights = tf.reshape(kernel, [size, size, 1, 1]) as Tensor4D;
    return tf.conv2d(replicationPad(x, (size - 1) / 2), weights, 1, 'valid');
  });
}

/** A Gaussian kernel [size,size] of weights exp(-r² / (2 sigma²)), r in px from the centre, of the given sum. */
export function gaussianKernel(size: number, sigma: number, sum: number): Tensor2D {
  const centre = (size - 1) / 2;
  const values = Array.from({ length: size * size }, (_, i) => {
    const row = Math.floor(i / size) - centre;
    const column = (i % size) - centre;
    return Math.exp(-(row * row + column * column) / (2 * sigma * sigma));
  });
  const scale = sum / values.reduce((total, value) => total + value, 0);
  return tf.tensor2d(
    values.map((value) => value * scale),
    [size, size],
  );
}
