/** Antialiased resizing of tensors, as the Pillow library resizes floating-point images (`Image.resize` in mode F). */
import { cubic } from '../../infer/resample.ts';
import { type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';

interface Filter {
  /** Weight at a distance in pixels of the coarser of the two grids. */
  readonly weight: (distance: number) => number;
  /** Distance beyond which it is 0. */
  readonly support: number;
}

/** Keys's cubic with a = -1/2, Pillow's BICUBIC. */
export const bicubic: Filter = { support: 2, weight: cubic };

/** Pillow's BILINEAR. */
export const triangle: Filter = {
  support: 1,
  weight: (distance) => Math.max(0, 1 - Math.abs(distance)),
};

/** x [n,s,s,c] resized to [n,side,side,c]; a cubic filter may overshoot the range of x. */
export function resample(x: Tensor4D, side: number, filter: Filter): Tensor4D {
  const [n, h, w, c] = x.shape;
  return tf.tidy(() => {
    const rows = tf.matMul(matrix(h, side, filter), tf.reshape(x, [n, h, w * c]));
    const turned = tf.transpose(tf.reshape(rows, [n, side, w, c]), [0, 2, 1, 3]);
    const columns = tf.matMul(matrix(w, side, filter), tf.reshape(turned, [n, w, side * c]));
    return tf.transpose(tf.reshape(columns, [n, side, side, c]), [0, 2, 1, 3]) as Tensor4D;
  });
}

/** [to,from]: row i holds the shares of the old pixels in new pixel i, of sum 1. */
function matrix(from: number, to: number, { weight, support }: Filter): Tensor2D {
  const scale = from / to;
  // When the image shrinks, the filter is widened so that every old pixel counts.
  const stretch = Math.max(1, scale);
  const values = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
    const end = Math.min(from, Math.floor(centre + support * stretch + 0.5));
    const shares = Array.from({ length: end - first }, (_, k) =>
      weight((first + k + 0.5 - centre) / stretch),
    );
    const sum = shares.reduce((total, share) => total + share, 0);
    for (const [k, share] of shares.entries()) values[i * from + first + k] = share / sum;
  }
  return tf.tensor2d(values, [to, from]);
}
