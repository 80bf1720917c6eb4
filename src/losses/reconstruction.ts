import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../runtime/tf.ts';

/** Mean absolute difference. */
export function meanAbsolute(a: Tensor, b: Tensor): TensorFlow.Scalar {
  return tf.mean(tf.abs(tf.sub(a, b)));
}

/**
 * Mean absolute difference of sketch and image together, sketch [n,h,w,1], image [n,h,w,3]. The original stores a
 * sketch as three equal channels beside red, green and blue, so half of the mean is the sketch's
 * (DeepPS models.py:690, 735).
 */
export function pictureDifference(
  sketch: Tensor4D,
  trueSketch: Tensor4D,
  image: Tensor4D,
  trueImage: Tensor4D,
): TensorFlow.Scalar {
  return tf.mul(tf.add(meanAbsolute(sketch, trueSketch), meanAbsolute(image, trueImage)), 0.5);
}
