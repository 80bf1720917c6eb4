import { describe, expect, it } from 'vitest';
import { type Moments, normalize } from '../../src/ops/normalize.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { plainly, tuned } from '../../src/ops/tuning.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';

const image = (shape: number[], scale?: number) => normalTensor(shape, scale) as Tensor4D;

describe.each([
  ['as fast as it can', <T>(f: () => T) => f()],
  ['plainly', plainly],
])('normalize, %s', (_, run) => {
  it('equals its formula', () => {
    const x = image([2, 5, 4, 3], 3);
    const { mean, variance } = tf.moments(x, [1, 2], true);
    const expected = tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), 2), 0.5);
    const [gamma, beta] = [tf.fill([1, 1, 1, 3], 2), tf.fill([1, 1, 1, 3], 0.5)] as [Tensor4D, Tensor4D];
    const found = run(() => normalize(x, [1, 2], gamma, beta, 1e-5));
    expect(maxDifference(found, expected)).toBeLessThan(1e-5);
  });

  it.each([
    ['each image, one scale an image', [1, 2], 3],
    ['each image, one scale for all', [1, 2], 1],
    ['the batch', [0, 1, 2], 1],
  ] as const)('has gradients over %s', (_, axes, scales) => {
    run(() =>
      expectGradients(
        (x, gamma, beta) => normalize(x as Tensor4D, axes, gamma as Tensor4D, beta as Tensor4D, 1e-5),
        [image([3, 4, 5, 2]), image([scales, 1, 1, 2]), image([scales, 1, 1, 2])],
      ),
    );
  });
});

it.runIf(tuned())('tells moments that are precise over many pixels', () => {
  const channels = 4;
  const values = Float32Array.from({ length: 3 * 256 * 256 * channels }, (_, i) => Math.sin(i) + 3);
  const first = values.filter((_, i) => i % channels === 0);
  const mean = first.reduce((sum, v) => sum + v, 0) / first.length;
  const variance = first.reduce((sum, v) => sum + (v - mean) ** 2, 0) / first.length;
  const found: number[] = [];
  const observe = ({ mean, variance }: Moments) =>
    void found.push(mean.dataSync()[0], variance.dataSync()[0]);
  const [ones, zeros] = [tf.ones([1, 1, 1, channels]), tf.zeros([1, 1, 1, channels])] as Tensor4D[];
  normalize(tf.tensor4d(values, [3, 256, 256, channels]), [0, 1, 2], ones, zeros, 1e-5, observe);
  expect(Math.abs(found[0] / mean - 1)).toBeLessThan(1e-6);
  expect(Math.abs(found[1] / variance - 1)).toBeLessThan(2e-6);
});
