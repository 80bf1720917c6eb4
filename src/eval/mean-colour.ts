import { type Tensor4D, tf } from '../ops/tf.ts';

/** Each image [n,h,w,3] filled by the mean colour of its known pixels, or of all where none is known. */
export function meanColour(image: Tensor4D, hole: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const known = tf.sub(1, hole);
    const count = tf.sum(known, [1, 2], true);
    const weight = tf.where(tf.greater(count, 0), known, tf.onesLike(hole));
    const sum = tf.sum(tf.mul(image, weight), [1, 2], true);
    return tf.mul(tf.div(sum, tf.sum(weight, [1, 2], true)), tf.onesLike(image)) as Tensor4D;
  });
}
