import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

/**
 * How far the slope of a discriminator is from 1 (Gulrajani et al. 2017): mean over the images of (length of the
 * gradient of all scores by the image inside `region`, minus 1) squared. It is differentiable by what `score` depends
 * on, where that consists of operations whose gradients are.
 *
 * @param x images [n,h,w,c] between real and generated ones. @param region [n or 1,h,w,1], 1 where slopes count.
 */
export function gradientPenalty(
  score: (x: Tensor4D) => Tensor,
  x: Tensor4D,
  region: Tensor4D,
): TensorFlow.Scalar {
  const slopes = tf.grad((image) => tf.sum(score(image as Tensor4D)))(x);
  const squares = tf.sum(tf.mul(tf.square(slopes), region), [1, 2, 3]);
  // A root has no slope at 0, which is where an image without any region stands.
  const lengths = tf.sqrt(tf.add(squares, 1e-12));
  return tf.mean(tf.squaredDifference(lengths, 1));
}
