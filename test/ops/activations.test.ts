import { describe, expect, it } from 'vitest';
import { leakyRelu } from '../../src/ops/activations.ts';
import { tf } from '../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';

describe('leakyRelu', () => {
  it.each([0, 0.2])('is max(x, %f x)', (slope) => {
    const x = tf.tensor1d([-2, -0.5, 0, 3]);
    expect(maxDifference(leakyRelu(x, slope), tf.maximum(x, tf.mul(x, slope)))).toBe(0);
  });
  it.each([0, 0.2])('has a gradient for slope %f', (slope) => {
    // Values away from the kink, where a difference would straddle it.
    const x = tf.add(normalTensor([50]), tf.mul(tf.sign(normalTensor([50])), 5));
    expectGradients((t) => leakyRelu(t, slope), [x]);
  });
});
