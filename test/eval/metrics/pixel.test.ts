import { describe, expect, it } from 'vitest';
import type { SampleMetric } from '../../../src/eval/metrics/metric.ts';
import { createL1, createLightness, createPsnr } from '../../../src/eval/metrics/pixel-error.ts';
import { createMsSsim, createSsim, scaleWeights } from '../../../src/eval/metrics/ssim.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { disposeBatch, expectClose, expected, readBatch, sizes } from './support.ts';

const metrics: readonly [string, () => SampleMetric][] = [
  ['l1', createL1],
  ['psnr', createPsnr],
  ['ssim', createSsim],
  ['msSsim', createMsSsim],
];
const all = [...metrics, ['lightness', createLightness] as const];

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

it.each(all)(
  '%s: a perfect result is best, and has no value in a hole that is not there',
  async (_, create) => {
    const batch = await readBatch(64);
    const none = tf.zerosLike(batch.hole) as Tensor4D;
    const metric = create();
    const before = tf.memory().numTensors;
    const { image, hole } = await metric.measure({ ...batch, result: batch.truth, hole: none });
    const best = { l1: 0, lightness: 0, psnr: 100, ssim: 1, 'ms-ssim': 1 }[metric.name]!;
    for (const value of image!) expect(value).toBeCloseTo(best, 5);
    for (const value of hole!) expect(value).toBeNaN();
    expect(tf.memory().numTensors).toBe(before);
    disposeBatch(batch);
    none.dispose();
  },
);

it('tells how much lighter a result is than a photo, in tabulated L*', async () => {
  // Of sRGB by the tables of several colour calculators: black, near black, grey, red, green, blue.
  const colours = [
    [0, 0, 0, 0],
    [10, 10, 10, 2.7417],
    [128, 128, 128, 53.585],
    [255, 0, 0, 53.2408],
    [0, 255, 0, 87.7347],
    [0, 0, 255, 32.297],
  ];
  const batch = await readBatch(64);
  const shape = [colours.length, 1, 1, 3] as const;
  const flat = colours.flatMap((colour) => colour.slice(0, 3).map((value) => value / 255));
  const result = tf.tensor4d(flat, [...shape]);
  const truth = tf.fill([...shape], 128 / 255) as Tensor4D;
  const hole = tf.ones([colours.length, 1, 1, 1]) as Tensor4D;
  const { image, hole: inside } = await createLightness().measure({ ...batch, result, truth, hole });
  for (const [i, colour] of colours.entries()) {
    expect(image![i]).toBeCloseTo(colour[3] - 53.585, 2);
    expect(inside![i]).toBe(image![i]);
  }
  tf.dispose([result, truth, hole]);
  disposeBatch(batch);
});

it('takes as many scales of MS-SSIM as fit', () => {
  expect([32, 64, 175, 176].map((side) => scaleWeights(side).length)).toEqual([2, 3, 4, 5]);
  for (const side of [32, 64, 256]) {
    const sum = scaleWeights(side).reduce((total, weight) => total + weight, 0);
    expect(sum).toBeCloseTo(1, 3);
  }
});
