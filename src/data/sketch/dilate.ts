import { type Tensor4D, tf } from '../../runtime/tf.ts';
import { boxSum } from './filters.ts';

/** The dilation diameter in px for a refinement level l in [0, 1]: 1 (none) to `maxDilation`. */
export function dilationDiameter(level: number, maxDilation: number): number {
  return (maxDilation - 1) * level + 1;
}

/**
 * Dilates the lines of a sketch [n,h,w,1] in [-1, 1] by a square of the given diameter, px, which may be any real
 * number: between two odd diameters their box sums, before clamping, are mixed linearly. The diameter counts as at
 * least 1, which changes nothing, and at most the first odd number not below `maxDilation`
 * (ConditionalDilate, roughSketchSyn.py:68-107).
 */
export function dilateSketch(sketch: Tensor4D, diameter: number, maxDilation: number): Tensor4D {
  const exact = Math.min(Math.max(diameter, 1), Math.floor(maxDilation / 2) * 2 + 1);
  const below = Math.floor((exact - 1) / 2) * 2 + 1;
  if (exact === 1) return sketch.clone();
  return tf.tidy(() => {
    const ink = tf.div(tf.sub(1, sketch), 2) as Tensor4D;
    let sum = boxSum(ink, below);
    if (exact !== below) {
      const above = boxSum(ink, below + 2);
      sum = tf.div(tf.add(tf.mul(sum, below + 2 - exact), tf.mul(above, exact - below)), 2);
    }
    return tf.sub(1, tf.mul(tf.clipByValue(sum, 0, 1), 2));
  });
}
