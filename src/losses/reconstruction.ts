import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

/** Mean absolute difference. */
export function meanAbsolute(a: Tensor, b: Tensor): TensorFlow.Scalar {
  return tf.mean(tf.abs(tf.sub(a, b)));
}

/** Mean of x [n,h,w,c] over the pixels at which `region` [n,h,w,1] is 1; 0 where there is none. */
export function regionMean(x: Tensor, region: Tensor): TensorFlow.Scalar {
  const count = tf.add(tf.mul(tf.sum(region), x.shape[3]!), 1e-12);
  return tf.div(tf.sum(tf.mul(x, region)), count);
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
