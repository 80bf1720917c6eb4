import { describe, expect, it } from 'vitest';
import { convolveReflected, reflectionPad } from '../../../src/ops/convolution/reflection-padding.ts';
import { type Tensor, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../../finite-differences.ts';

const image = (shape: number[]) => normalTensor(shape) as Tensor4D;
const four = (f: (x: Tensor4D) => Tensor4D) => (x: Tensor) => f(x as Tensor4D);

describe('padding', () => {
  it('reflects without repeating the border', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const padded = reflectionPad(x, 2, 'REFLECT').reshape([7, 7]).arraySync() as number[][];
    expect(padded[0]).toEqual([9, 8, 7, 8, 9, 8, 7]);
    expect(padded[3]).toEqual([6, 5, 4, 5, 6, 5, 4]);
  });
  it('repeats the border when asked to', () => {
    const padded = reflectionPad(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), 1, 'SYMMETRIC')
      .reshape([4, 4])
      .arraySync();
    expect(padded).toEqual([
      [1, 1, 2, 2],
      [1, 1, 2, 2],
      [3, 3, 4, 4],
      [3, 3, 4, 4],
    ]);
  });
  it('has gradients that count mirrored pixels', () => {
    expectGradients(
      four((x) => reflectionPad(x, 2, 'REFLECT')),
      [image([2, 4, 5, 3])],
    );
    expectGradients(
      four((x) => reflectionPad(x, 1, 'SYMMETRIC')),
      [image([2, 3, 4, 3])],
    );
  });
  it('refuses to reflect more than there is', () => {
    expect(() => reflectionPad(tf.zeros([1, 2, 2, 1]), 2, 'REFLECT')).toThrow(RangeError);
  });
});

const cases = [
  { kernelSize: 3, stride: 1, pad: 1, mode: 'REFLECT' },
  { kernelSize: 3, stride: 2, pad: 1, mode: 'REFLECT' },
  { kernelSize: 4, stride: 2, pad: 2, mode: 'REFLECT' },
  { kernelSize: 2, stride: 1, pad: 1, mode: 'SYMMETRIC' },
  { kernelSize: 1, stride: 1, pad: 0, mode: 'REFLECT' },
] as const;

it.each(cases)('equals padding and then convolving, gradients too: %o', ({ kernelSize, ...options }) => {
  const { stride, pad, mode } = options;
  const x = normalTensor([2, 7, 6, 3]) as Tensor4D;
  const kernel = normalTensor([kernelSize, kernelSize, 3, 5]) as Tensor4D;
  const plain = (a: Tensor, b: Tensor) =>
    tf.conv2d(reflectionPad(a as Tensor4D, pad, mode), b as Tensor4D, stride, 'valid');
  const fast = (a: Tensor, b: Tensor) => convolveReflected(a as Tensor4D, b as Tensor4D, options);
  // A loss whose gradient differs from pixel to pixel.
  const weighted = (f: typeof fast) => (a: Tensor, b: Tensor) => tf.sum(tf.square(f(a, b))) as Tensor;
  expect(maxDifference(fast(x, kernel), plain(x, kernel))).toBe(0);
  const expected = tf.grads(weighted(plain))([x, kernel]);
  const found = tf.grads(weighted(fast))([x, kernel]);
  found.forEach((gradient, i) => void expect(maxDifference(gradient, expected[i])).toBeLessThan(1e-4));
});
