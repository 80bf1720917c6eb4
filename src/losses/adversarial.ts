import { rectify } from '../runtime/ops.ts';
import { type Tensor, type TensorFlow, tf } from '../runtime/tf.ts';

/**
 * The discriminator's hinge loss, with a margin h: mean max(0, h - D(real)) + mean max(0, h + D(fake)).
 * Scores of any shape. (DeepPS models.py:651-668; the paper's equation for L_D, h = 10.)
 */
export function discriminatorHinge(real: Tensor, fake: Tensor, margin: number): TensorFlow.Scalar {
  const missing = (score: Tensor) => tf.mean<TensorFlow.Scalar>(rectify(score, 0));
  return tf.add(missing(tf.sub(margin, real)), missing(tf.add(margin, fake)));
}

/** The generator's hinge loss: - mean D(fake). */
export function generatorHinge(fake: Tensor): TensorFlow.Scalar {
  return tf.neg(tf.mean<TensorFlow.Scalar>(fake));
}
