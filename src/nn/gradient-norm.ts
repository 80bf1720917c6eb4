import { attribute, runOp } from '../ops/raw.ts';
import { type Tensor, type TensorFlow, tf } from '../ops/tf.ts';

/** The Euclidean length of all gradients together. Not finite where any of them holds a number that is not. */
export function gradientNorm(gradients: Readonly<Record<string, Tensor>>): TensorFlow.Scalar {
  return tf.tidy(() => {
    const halves = Object.values(gradients).map((gradient) =>
      runOp('L2Loss', [attribute.type('T', 'float32')], [gradient]),
    );
    return tf.sqrt(tf.mul(tf.addN(halves), 2)) as TensorFlow.Scalar;
  });
}
