import { describe, expect, it } from 'vitest';
import { leakyRelu } from '../../../src/ops/activations.ts';
import { type Window, windowedSize } from '../../../src/ops/convolution/window.ts';
import { convolve } from '../../../src/ops/convolution/zero-padding.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../../finite-differences.ts';

const WINDOWS: Window[] = [
  { padding: 'same' },
  { padding: 'same', stride: 2 },
  { padding: 1, stride: 2 },
  { padding: 0 },
  { padding: 'same', dilation: 2 },
  { padding: 'same', dilation: 4 },
  { padding: 2, dilation: 2 },
  { padding: 0, dilation: 3 },
];

/** The same convolution by slices, one tap of the kernel after another. */
function bySlices(x: Tensor4D, kernel: Tensor4D, { stride = 1, dilation = 1, padding }: Window): Tensor4D {
  const [kh, kw, c, filters] = kernel.shape;
  const [h, w] = [
    windowedSize(x.shape[1], kh, { stride, dilation, padding }),
    windowedSize(x.shape[2], kw, { stride, dilation, padding }),
  ];
  const pads = ([x.shape[1], x.shape[2]] as const).map((size, i) => {
    if (padding !== 'same') return [padding, padding] as [number, number];
    const total = Math.max(0, ([h, w][i] - 1) * stride + ([kh, kw][i] - 1) * dilation + 1 - size);
    return [total >> 1, total - (total >> 1)] as [number, number];
  });
  const padded = tf.pad(x, [[0, 0], pads[0], pads[1], [0, 0]]);
  let sum: Tensor = tf.scalar(0);
  for (let i = 0; i < kh; i++)
    for (let j = 0; j < kw; j++) {
      const [top, left] = [i * dilation, j * dilation];
      const part = tf.stridedSlice(
        padded,
        [0, top, left, 0],
        [x.shape[0], top + (h - 1) * stride + 1, left + (w - 1) * stride + 1, c],
        [1, stride, stride, 1],
      );
      const tap = tf.reshape(tf.slice(kernel, [i, j, 0, 0], [1, 1, c, filters]), [
        c,
        filters,
      ]) as TensorFlow.Tensor2D;
      sum = tf.add(sum, tf.reshape(tf.matMul(tf.reshape(part, [-1, c]), tap), [x.shape[0], h, w, filters]));
    }
  return sum as Tensor4D;
}

describe.each(WINDOWS)('a convolution with %o', (window) => {
  const x = () => normalTensor([2, 9, 8, 2]) as Tensor4D;
  const kernel = () => normalTensor([3, 3, 2, 3]) as Tensor4D;

  it('is the sum over its taps', () => {
    const [a, k] = [x(), kernel()];
    const y = convolve(a, k, window);
    expect(y.shape.slice(1, 3)).toEqual([windowedSize(9, 3, window), windowedSize(8, 3, window)]);
    expect(maxDifference(y, bySlices(a, k, window))).toBeLessThan(1e-5);
  });

  it('has gradients', () => {
    expectGradients((a, k) => convolve(a as Tensor4D, k as Tensor4D, window), [x(), kernel()]);
  });
});

it('a gradient can be differentiated again, through rectifiers', () => {
  const x = normalTensor([2, 8, 8, 2]);
  const penalty = (first: Tensor, second: Tensor): Tensor => {
    const score = (image: Tensor) => {
      const h = leakyRelu(
        convolve(image as Tensor4D, first as Tensor4D, { padding: 'same', stride: 2 }),
        0.2,
      );
      return tf.sum(convolve(h as Tensor4D, second as Tensor4D, { padding: 1 })) as TensorFlow.Scalar;
    };
    return tf.square(tf.grad(score)(x));
  };
  expectGradients(penalty, [normalTensor([3, 3, 2, 4], 0.5), normalTensor([3, 3, 4, 2], 0.5)], {
    step: 1e-3,
    tolerance: 1e-2,
  });
});

it('refuses a stride together with a dilation', () => {
  const [x, kernel] = [tf.zeros([1, 8, 8, 1]), tf.zeros([3, 3, 1, 1])] as [Tensor4D, Tensor4D];
  expect(() => convolve(x, kernel, { stride: 2, dilation: 2, padding: 0 })).toThrow(RangeError);
});
