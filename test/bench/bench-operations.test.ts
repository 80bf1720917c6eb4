import { describe, expect, it } from 'vitest';
import { countOperations } from '../../bench/operations.ts';
import { PEAK_WAYS, peakWork } from '../../bench/works.ts';
import { detectEdges } from '../../src/data/detect-edges.ts';
import { loadHed } from '../../src/nn/hed.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';

const counted = (iterate: () => void) => countOperations({ iterate: () => void tf.tidy(iterate) });

describe('floating-point operations', () => {
  const x: Tensor4D = tf.ones([2, 10, 8, 3]);
  const kernel: Tensor4D = tf.ones([3, 3, 3, 5]);
  /** Of a product and its sum, at every place of the result and for every channel in and out. */
  const ofConvolution = 2 * 2 * 10 * 8 * 9 * 3 * 5;

  it('of a convolution, of either gradient and of fewer places', async () => {
    expect(await counted(() => void tf.conv2d(x, kernel, 1, 'same'))).toBe(ofConvolution);
    expect(await counted(() => void tf.conv2d(x, kernel, 2, 'same'))).toBe(ofConvolution / 4);
    const loss = (...[a, b]: Tensor[]) => tf.sum(tf.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same'));
    expect(await counted(() => void tf.grads(loss)([x, kernel]))).toBe(3 * ofConvolution);
  });
  it('of a depthwise convolution, where channels do not mix', async () => {
    const each: Tensor4D = tf.ones([3, 3, 3, 2]);
    expect(await counted(() => void tf.depthwiseConv2d(x, each, 1, 'same'))).toBe(2 * 2 * 10 * 8 * 9 * 3 * 2);
  });
  it('of products of matrices, either of them transposed', async () => {
    const [a, b] = [tf.ones([4, 6, 7]), tf.ones([4, 7, 5])];
    const one = 2 * 4 * 6 * 7 * 5;
    expect(await counted(() => void tf.matMul(a, b))).toBe(one);
    expect(await counted(() => void tf.matMul(tf.transpose(a, [0, 2, 1]), b, true))).toBe(one);
    expect(await counted(() => void tf.matMul(a, tf.transpose(b, [0, 2, 1]), false, true))).toBe(one);
  });
  it('of all else are not counted', async () => {
    expect(await counted(() => void tf.relu(tf.add(x, 1)))).toBe(0);
  });
  it('of HED on a 256-px image are about 40 G', async () => {
    const hed = await loadHed();
    const image = new Uint8Array(64 * 64 * 3);
    const sum = await countOperations({ iterate: async () => void (await detectEdges(hed, [image], 64, 0)) });
    hed.dispose();
    expect((sum * 16) / 1e9).toBeCloseTo(40.1, 0);
  });
});

it('work for the peak is as large as its name says', async () => {
  expect(await countOperations(peakWork('product of two matrices of 1024²'))).toBe(2 * 1024 ** 3);
  expect(await countOperations(peakWork('convolution of 8 x 64 x 64 x 64'))).toBe(2 * 8 * 64 ** 4 * 9);
  expect(Object.keys(PEAK_WAYS).length).toBeGreaterThan(2);
});
