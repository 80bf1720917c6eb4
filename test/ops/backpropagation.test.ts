import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/ops/backpropagation.ts';
import { withoutTape } from '../../src/ops/gradients.ts';
import { watchOperations } from '../../src/ops/raw.ts';
import { type TensorFlow, tf } from '../../src/ops/tf.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';

type Scalar = TensorFlow.Scalar;

/** A loss with branches, a shared input, an output of several that goes unused, and an unused variable. */
function example() {
  const a = tf.variable(normalTensor([3, 4]));
  const b = tf.variable(normalTensor([4, 4]));
  const unused = tf.variable(tf.zeros([2]));
  const constant = normalTensor([3, 4]);
  const loss = () => {
    const product = tf.matMul(a, b);
    const [left] = tf.split(product, 2, 1);
    const sum = tf.add(tf.mul(product, a), tf.tanh(tf.add(constant, a)));
    return tf.add(tf.sum(tf.square(sum)), tf.sum(tf.relu(left))) as Scalar;
  };
  return { variables: [a, b, unused], loss };
}

describe('valueAndGradients', () => {
  it('gives what tf.variableGrads gives', () => {
    const { variables, loss } = example();
    const [a, b, unused] = variables;
    const { value, grads } = valueAndGradients(loss, variables);
    const expected = tf.variableGrads(loss, [a, b]);
    expect(maxDifference(value, expected.value)).toBe(0);
    for (const { name } of [a, b]) expect(maxDifference(grads[name], expected.grads[name])).toBe(0);
    expect(grads[unused.name]).toBeUndefined();
  });

  it('leaves nothing behind but value and gradients, nor where f throws', () => {
    const { variables, loss } = example();
    const before = tf.memory().numTensors;
    const { value, grads } = valueAndGradients(loss, variables);
    tf.dispose([value, grads]);
    expect(tf.memory().numTensors).toBe(before);
    const failing = () => {
      loss();
      throw new Error('no loss');
    };
    expect(() => valueAndGradients(failing, variables)).toThrow('no loss');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('works inside another gradient by way of withoutTape, and not otherwise', () => {
    const { variables, loss } = example();
    const inner = () => valueAndGradients(loss, variables).value;
    const outer = valueAndGradients(() => {
      withoutTape(inner);
      return loss();
    }, variables);
    const alone = valueAndGradients(loss, variables);
    for (const [name, gradient] of Object.entries(alone.grads))
      expect(maxDifference(outer.grads[name], gradient)).toBe(0);
    expect(() => valueAndGradients(inner, variables)).toThrow('already');
  });

  it('needs less memory than tf.variableGrads', () => {
    const weight = tf.variable(tf.ones([64, 64]));
    const chain = () => {
      let x: TensorFlow.Tensor = tf.ones([64, 64]);
      for (let i = 0; i < 60; i++) x = tf.sigmoid(tf.matMul(x, weight));
      return tf.sum(x) as Scalar;
    };
    const [lean, plain] = [
      () => valueAndGradients(chain, [weight]),
      () => tf.variableGrads(chain, [weight]),
    ].map((run) => tf.tidy(() => peakBytes(run)));
    expect(lean).toBeLessThan(0.85 * plain);
  });
});

/** The most that live tensors take while `run` computes, bytes more than before. */
function peakBytes(run: () => unknown): number {
  const before = tf.memory().numBytes;
  let most = before;
  const stop = watchOperations({
    executed() {
      most = Math.max(most, tf.memory().numBytes);
    },
  });
  try {
    run();
  } finally {
    stop();
  }
  return most - before;
}
