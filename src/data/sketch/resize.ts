import { type Tensor4D, tf } from '../../ops/tf.ts';

/**
 * Bilinear downsampling of x [n,h,w,c] by a whole factor with aligned corners and no antialiasing, as the original
 * resizes everything (torch 1.2's F.interpolate(align_corners=True)).
 */
export function downsample(x: Tensor4D, factor: number): Tensor4D {
  if (factor === 1) return x;
  return tf.image.resizeBilinear(x, [x.shape[1] / factor, x.shape[2] / factor], true);
}

/** A smaller hole mask [n,h,w,1] of 0 and 1: every pixel that a hole pixel touches is a hole (models.py:553). */
export function downsampleHole(hole: Tensor4D, factor: number): Tensor4D {
  // The tolerance keeps rounding in the resize from making holes of what is known.
  return tf.cast(tf.greater(downsample(hole, factor), 5e-5), 'float32') as Tensor4D;
}
