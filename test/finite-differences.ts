import { expect } from 'vitest';
import { type Tensor, type TensorFlow, tf } from '../src/ops/tf.ts';
import { stream } from '../src/runtime/seed.ts';

const random = stream(1, 'finite differences');

/** Standard normal values. */
export function normalTensor(shape: number[], scale = 1): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => scale * random.normal()),
    shape,
  );
}

/**
 * Expects the gradient that is recorded for `f` to agree with central differences, along several random directions of
 * each input. `f` is any function of tensors to a tensor; a random projection makes it a number.
 */
export function expectGradients(
  f: (...x: Tensor[]) => Tensor,
  inputs: Tensor[],
  { tolerance = 2e-3, step = 1e-2 } = {},
): void {
  const projection = normalTensor(f(...inputs).shape);
  const loss = (...x: Tensor[]) => tf.sum(tf.mul(f(...x), projection)) as TensorFlow.Scalar;
  const gradients = tf.grads(loss)(inputs);
  inputs.forEach((input, index) => {
    for (let repeat = 0; repeat < 3; repeat++) {
      const direction = normalTensor(input.shape);
      const moved = (amount: number) =>
        inputs.map((x, i) => (i === index ? tf.add(x, tf.mul(direction, amount)) : x));
      const difference = tf.sub(loss(...moved(step)), loss(...moved(-step))).dataSync()[0] / (2 * step);
      const derivative = tf.sum(tf.mul(gradients[index], direction)).dataSync()[0];
      const scale = tf.norm(gradients[index]).dataSync()[0] * Math.sqrt(input.size) * 0.5 + 1e-3;
      const error =
        Math.abs(difference - derivative) / Math.min(scale, Math.max(Math.abs(difference), scale / 10));
      expect(error, `input ${index}: difference ${difference}, gradient ${derivative}`).toBeLessThan(
        tolerance,
      );
    }
  });
}

/** Largest absolute difference between two tensors. */
export function maxDifference(a: Tensor, b: Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0];
}
