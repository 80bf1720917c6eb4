import { describe, expect, it } from 'vitest';
import type { SampleMetric } from '../../../src/eval/metrics/metric.ts';
import { createL1, createPsnr } from '../../../src/eval/metrics/pixel-error.ts';
import { createMsSsim, createSsim, scaleWeights } from '../../../src/eval/metrics/ssim.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { disposeBatch, expectClose, expected, readBatch, sizes } from './support.ts';

const metrics: readonly [string, () => SampleMetric][] = [
  ['l1', createL1],
  ['psnr', createPsnr],
  ['ssim', createSsim],
  ['msSsim', createMsSsim],
];

describe.each(sizes)('at %i px', (size) => {
  it.each(metrics)('%s equals scikit-image and pytorch-msssim, image and hole', async (key, create) => {
    const batch = await readBatch(size);
    const { image, hole } = await create().measure(batch);
    const wanted = expected[size];
    expectClose(image!, wanted[key], 1e-5);
    expectClose(hole!, wanted[`${key}Hole`], 1e-5);
    disposeBatch(batch);
  });
});

it.each(metrics)(
  '%s: a perfect result is best, and has no value in a hole that is not there',
  async (_, create) => {
    const batch = await readBatch(64);
    const none = tf.zerosLike(batch.hole) as Tensor4D;
    const metric = create();
    const before = tf.memory().numTensors;
    const { image, hole } = await metric.measure({ ...batch, result: batch.truth, hole: none });
    const best = { l1: 0, psnr: 100, ssim: 1, 'ms-ssim': 1 }[metric.name]!;
    for (const value of image!) expect(value).toBeCloseTo(best, 5);
    for (const value of hole!) expect(value).toBeNaN();
    expect(tf.memory().numTensors).toBe(before);
    disposeBatch(batch);
    none.dispose();
  },
);

it('takes as many scales of MS-SSIM as fit', () => {
  expect([32, 64, 175, 176].map((side) => scaleWeights(side).length)).toEqual([2, 3, 4, 5]);
  for (const side of [32, 64, 256]) {
    const sum = scaleWeights(side).reduce((total, weight) => total + weight, 0);
    expect(sum).toBeCloseTo(1, 3);
  }
});
