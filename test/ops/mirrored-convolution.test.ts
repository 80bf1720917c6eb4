import { expect, it } from 'vitest';
import { convolveMirrored } from '../../src/ops/mirrored-convolution.ts';
import { mirrorPad } from '../../src/ops/ops.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';

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
    tf.conv2d(mirrorPad(a as Tensor4D, pad, mode), b as Tensor4D, stride, 'valid');
  const fast = (a: Tensor, b: Tensor) => convolveMirrored(a as Tensor4D, b as Tensor4D, options);
  // A loss whose gradient differs from pixel to pixel.
  const weighted = (f: typeof fast) => (a: Tensor, b: Tensor) => tf.sum(tf.square(f(a, b))) as Tensor;
  expect(maxDifference(fast(x, kernel), plain(x, kernel))).toBe(0);
  const expected = tf.grads(weighted(plain))([x, kernel]);
  const found = tf.grads(weighted(fast))([x, kernel]);
  found.forEach((gradient, i) => void expect(maxDifference(gradient, expected[i])).toBeLessThan(1e-4));
});
