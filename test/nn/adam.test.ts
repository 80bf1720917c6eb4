import { describe, expect, it } from 'vitest';
import { Adam } from '../../src/nn/adam.ts';
import { type Tensor, tf, type Variable } from '../../src/ops/tf.ts';

const OPTIONS = { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3 };

/** Adam as torch documents it, in float64. */
function reference(start: number, gradients: number[]): number {
  let [weight, m, v] = [start, 0, 0];
  gradients.forEach((g, index) => {
    m = OPTIONS.beta1 * m + (1 - OPTIONS.beta1) * g;
    v = OPTIONS.beta2 * v + (1 - OPTIONS.beta2) * g * g;
    const [mHat, vHat] = [m / (1 - OPTIONS.beta1 ** (index + 1)), v / (1 - OPTIONS.beta2 ** (index + 1))];
    weight -= (OPTIONS.learningRate * mHat) / (Math.sqrt(vHat) + OPTIONS.epsilon);
  });
  return weight;
}

const gradientsOf = (variable: Variable, value: number) => ({
  [variable.name]: tf.tensor1d([value]) as Tensor,
});

/** One step. */
const step = (adam: Adam, gradients: Record<string, Tensor>) =>
  tf.tidy(() => adam.apply(gradients, adam.nextScalars('adam'), 'adam'));

describe('Adam', () => {
  it('takes the steps that torch takes', () => {
    const variable = tf.variable(tf.tensor1d([1]));
    const adam = new Adam({ w: variable }, OPTIONS);
    const gradients = [0.3, -2, 0.001, 5];
    for (const gradient of gradients) step(adam, gradientsOf(variable, gradient));
    expect(variable.dataSync()[0]).toBeCloseTo(reference(1, gradients), 5);
    adam.dispose();
  });

  it('goes on from a saved state exactly', () => {
    const [a, b] = [tf.variable(tf.tensor1d([1])), tf.variable(tf.tensor1d([7]))];
    const first = new Adam({ w: a }, OPTIONS);
    step(first, gradientsOf(a, 0.7));
    const second = new Adam({ w: b }, OPTIONS);
    second.restore('step', first.state('step'));
    b.assign(a.clone());
    step(first, gradientsOf(a, -0.2));
    step(second, gradientsOf(b, -0.2));
    expect(b.dataSync()[0]).toBe(a.dataSync()[0]);
    first.dispose();
    second.dispose();
  });

  it('sees weights that were set from outside', () => {
    const variable = tf.variable(tf.tensor1d([1]));
    const adam = new Adam({ w: variable }, OPTIONS);
    step(adam, gradientsOf(variable, 1));
    variable.assign(tf.tensor1d([100]));
    step(adam, gradientsOf(variable, 1));
    expect(variable.dataSync()[0]).toBeCloseTo(99.9, 3);
    adam.dispose();
  });

  it('refuses a state of other shapes, changing nothing', () => {
    const variable = tf.variable(tf.zeros([3]));
    const adam = new Adam({ w: variable }, OPTIONS);
    const state = { 'w/m': tf.zeros([2]), 'w/v': tf.zeros([3]), step: tf.scalar(4, 'int32') };
    expect(() => adam.restore('step', state)).toThrow(/does not fit[\s\S]*w\/m/);
    expect(adam.state('step').step.dataSync()[0]).toBe(0);
    adam.dispose();
  });

  it('holds no tensors after it is disposed of', () => {
    const variable = tf.variable(tf.zeros([3]));
    const before = tf.memory().numTensors;
    const adam = new Adam({ w: variable }, OPTIONS);
    tf.tidy(() => step(adam, { [variable.name]: tf.ones([3]) }));
    adam.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
