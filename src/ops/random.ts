/**
 * Random tensors by TensorFlow's stateless generators, where the seed alone decides the values. TF.js draws its own
 * number by number in JavaScript.
 */
import { attribute, runOp } from './raw.ts';
import { type Tensor, tf } from './tf.ts';

/** N(0, stddev) values of the given shape: the same for the same seed pair, on every device. */
export function seededNormal(
  shape: readonly number[],
  stddev: number,
  seed: readonly [number, number],
): Tensor {
  return tf.tidy(() => tf.mul(seeded('StatelessRandomNormal', shape, seed), stddev));
}

/**
 * Uniform values in [-bound, bound) of the given shape: the same for the same seed pair, on every device.
 *
 * @param seed two numbers, or a tensor int32 [2] of them.
 */
export function seededUniform(
  shape: readonly number[],
  bound: number,
  seed: readonly [number, number] | Tensor,
): Tensor {
  return tf.tidy(() => tf.mul(tf.sub(seeded('StatelessRandomUniform', shape, seed), 0.5), 2 * bound));
}

function seeded(op: string, shape: readonly number[], seed: readonly [number, number] | Tensor): Tensor {
  const attributes = [
    attribute.type('dtype', 'float32'),
    attribute.type('T', 'int32'),
    attribute.type('Tseed', 'int32'),
  ];
  const pair = seed instanceof tf.Tensor ? seed : tf.tensor1d([...seed], 'int32');
  return runOp(op, attributes, [tf.tensor1d([...shape], 'int32'), pair]);
}
