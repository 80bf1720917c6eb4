import { arrangePixels, type Padded, padPixels, single } from './pixels.ts';
import { runOp } from './raw.ts';
import { type Tensor4D, tf } from './tf.ts';
import { windowAttributes, windowedSize } from './window.ts';

/** Pixels of a result from which on two strips are faster than one picture. */
const ENOUGH_PIXELS = 1024;

/**
 * A padded picture convolved with a kernel [k,l,c,f], nothing added beyond: [n,h',w',f]. Not differentiable. A single
 * picture is cut into two strips, upper and lower, that overlap by what the kernel needs: TensorFlow computes a batch of
 * one on one core, and a third as fast.
 */
export function convolvePadded(padded: Padded, kernel: Tensor4D, stride: number): Tensor4D {
  const { x, rows, columns } = padded;
  const [taps, tapsAcross, , filters] = kernel.shape;
  const window = { stride, padding: 0 };
  const height = windowedSize(rows.length, taps, window);
  const width = windowedSize(columns.length, tapsAcross, window);
  const convolve = (picture: Tensor4D) =>
    runOp('Conv2D', windowAttributes(window), [picture, kernel]) as Tensor4D;
  if (x.shape[0] > 1 || height * width < ENOUGH_PIXELS) return convolve(padPixels(padded));
  const half = Math.ceil(height / 2);
  const count = (half - 1) * stride + taps;
  const strips = [0, half * stride].flatMap((start) =>
    // Where the number of rows is odd the lower strip has one too many, made of any pixels.
    Array.from({ length: count }, (_, i) => rows[Math.min(start + i, rows.length - 1)]),
  );
  const cut = tf.reshape(arrangePixels(x, single(strips), single(columns)), [
    2,
    count,
    columns.length,
    x.shape[3],
  ]);
  const all = tf.reshape(convolve(cut as Tensor4D), [1, 2 * half, width, filters]) as Tensor4D;
  return 2 * half === height ? all : tf.slice(all, [0, 0, 0, 0], [1, height, width, filters]);
}
