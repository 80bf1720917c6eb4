/** Every fast form of an operation against its plain form, values and gradients. */
import { describe, expect, it } from 'vitest';
import { convolveReflected, reflectionPad } from '../../src/ops/convolution/reflection-padding.ts';
import { convolveUpsampled } from '../../src/ops/convolution/upsampling.ts';
import { convolve } from '../../src/ops/convolution/zero-padding.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { plainly, tuned } from '../../src/ops/tuning.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';

type Operation = (x: Tensor4D, kernel: Tensor4D) => Tensor;

/** Largest difference of two tensors, as a share of the largest value. */
const relative = (found: Tensor, expected: Tensor): number =>
  maxDifference(found, expected) / (tf.max(tf.abs(expected)).dataSync()[0] + 1e-12);

function expectPlainResults(f: Operation, xShape: number[], kernelShape: number[]): void {
  const [x, kernel] = [normalTensor(xShape), normalTensor(kernelShape)] as [Tensor4D, Tensor4D];
  // A loss whose gradient differs from pixel to pixel.
  const all = () => {
    const y = f(x, kernel);
    const loss = (a: Tensor, b: Tensor) => tf.sum(tf.square(f(a as Tensor4D, b as Tensor4D))) as Tensor;
    return [y, ...tf.grads(loss)([x, kernel])];
  };
  const expected = plainly(all);
  all().forEach((found, i) => void expect(relative(found, expected[i])).toBeLessThan(1e-5));
}

describe.runIf(tuned())('on a CPU', () => {
  const cases: [string, Operation, number[], number[]][] = [
    [
      'a mirrored convolution of one picture, in two strips',
      (x, k) => convolveReflected(x, k, { stride: 1, pad: 1, mode: 'REFLECT' }),
      [1, 40, 36, 3],
      [3, 3, 3, 5],
    ],
    [
      'strips of an odd number of rows',
      (x, k) => convolveReflected(x, k, { stride: 2, pad: 2, mode: 'REFLECT' }),
      [1, 65, 70, 2],
      [4, 4, 2, 3],
    ],
    ['strips with zeros around', (x, k) => convolve(x, k, { padding: 'same' }), [1, 37, 36, 3], [3, 3, 3, 4]],
    [
      'zeros on one side only',
      (x, k) => convolve(x, k, { padding: 'same', stride: 2 }),
      [1, 72, 76, 3],
      [5, 5, 3, 4],
    ],
    ['an upsampling', (x, k) => convolveUpsampled(x, k), [2, 5, 7, 3], [3, 3, 3, 4]],
    ['a small upsampling', (x, k) => convolveUpsampled(x, k), [2, 2, 3, 3], [3, 3, 3, 4]],
    ['one of a single pixel', (x, k) => convolveUpsampled(x, k), [3, 1, 1, 3], [3, 3, 3, 4]],
    ['zeros around an upsampling', (x, k) => convolveUpsampled(x, k, 'zero'), [2, 5, 6, 3], [3, 3, 3, 4]],
    ['zeros around a small one', (x, k) => convolveUpsampled(x, k, 'zero'), [2, 3, 2, 3], [3, 3, 3, 4]],
    ['a wide upsampling', (x, k) => convolveUpsampled(x, k), [2, 5, 7, 64], [3, 3, 64, 64]],
    ['a wide one of two rows', (x, k) => convolveUpsampled(x, k), [2, 2, 3, 64], [3, 3, 64, 64]],
    ['a wide one of a single pixel', (x, k) => convolveUpsampled(x, k), [3, 1, 1, 64], [3, 3, 64, 64]],
    [
      'zeros around a wide upsampling',
      (x, k) => convolveUpsampled(x, k, 'zero'),
      [2, 5, 6, 64],
      [3, 3, 64, 64],
    ],
    [
      'zeros around a wide one of one row',
      (x, k) => convolveUpsampled(x, k, 'zero'),
      [2, 1, 2, 64],
      [3, 3, 64, 64],
    ],
    // Filter gradients by products: taps with the picture, with both, with the gradient; with a stride.
    [
      'a product of few pixels',
      (x, k) => convolveReflected(x, k, { stride: 1, pad: 1, mode: 'REFLECT' }),
      [3, 8, 7, 130],
      [3, 3, 130, 140],
    ],
    [
      'a product of many pixels',
      (x, k) => convolveReflected(x, k, { stride: 1, pad: 1, mode: 'REFLECT' }),
      [2, 60, 50, 40],
      [3, 3, 40, 60],
    ],
    [
      'a product with few filters',
      (x, k) => convolveReflected(x, k, { stride: 1, pad: 1, mode: 'SYMMETRIC' }),
      [1, 130, 140, 96],
      [3, 3, 96, 4],
    ],
    [
      'a product with a stride',
      (x, k) => convolveReflected(x, k, { stride: 2, pad: 2, mode: 'REFLECT' }),
      [2, 31, 29, 48],
      [4, 4, 48, 96],
    ],
    ['a mirrored border', (x, k) => tf.mul(reflectionPad(x, 2, 'SYMMETRIC'), k), [2, 5, 4, 3], [1, 1, 1, 3]],
  ];
  it.each(cases)('%s is what the plain form gives', (_, operation, x, kernel) => {
    expectPlainResults(operation, x, kernel);
  });
  it('upsampling has gradients', () => {
    const inputs = (side: number, width: number) => [
      normalTensor([2, side, side, width]),
      normalTensor([3, 3, width, width]),
    ];
    for (const width of [2, 64])
      for (const side of [2, 5])
        expectGradients((x, k) => convolveUpsampled(x as Tensor4D, k as Tensor4D), inputs(side, width));
  });
});

it('upsamples as nearest neighbour, padding and convolution would', () => {
  const [x, kernel] = [normalTensor([2, 5, 4, 3]), normalTensor([3, 3, 3, 6])] as [Tensor4D, Tensor4D];
  const large = reflectionPad(tf.image.resizeNearestNeighbor(x, [10, 8]), 1, 'REFLECT');
  const expected = tf.conv2d(large, kernel, 1, 'valid');
  for (const run of [plainly, <T>(f: () => T) => f()])
    expect(
      maxDifference(
        run(() => convolveUpsampled(x, kernel)),
        expected,
      ),
    ).toBeLessThan(1e-5);
});
