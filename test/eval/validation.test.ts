import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Method } from '../../src/core/method.ts';
import type { Batch, PreparedData } from '../../src/data/types.ts';
import { openValidationMetrics, Validation } from '../../src/eval/validation.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { makePairs } from '../train/pairs.ts';

let folder: string;
let data: PreparedData;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'validation-'));
  data = await makePairs(join(folder, 'pairs'), 7);
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['edit', 'synthesis'] as const)(
  'measures every stage for %s, at its own resolution',
  async (task) => {
    const config = tinyConfig({ task });
    const method = tinyMethod(config);
    const validation = await Validation.read(config, data.samples.train, silent);
    const sides: number[] = [];
    for (const stage of method.stages) {
      method.begin(stage);
      const error = (await validation.measure(method))!;
      const tensors = tf.memory().numTensors;
      expect(Object.keys(error)).toEqual(['l1/image', 'l1/hole', 'psnr/image', 'psnr/hole']);
      expect(error['l1/hole']).toBeGreaterThan(0.05);
      expect(error['psnr/hole']).toBeGreaterThan(3);
      expect(await validation.measure(method)).toEqual(error);
      expect(tf.memory().numTensors).toBe(tensors);
      sides.push(tf.tidy(() => method.fill(blank(), 0.5).shape[1]));
    }
    expect(sides).toEqual([64, 16, 16, 32, 32, 64, 64]);
    validation.dispose();
  },
);

const blank = (): Batch => ({
  image: tf.zeros([1, 64, 64, 3]),
  sketch: tf.ones([1, 64, 64, 1]),
  hole: tf.ones([1, 64, 64, 1]),
});

it('is better for a better method, and leaves out what cannot be read', async () => {
  const config = tinyConfig();
  const warnings: string[] = [];
  const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
  const missing = { id: 'x', pairPath: join(folder, 'none.png') };
  const validation = await Validation.read(config, [missing, ...data.samples.test], reporter);
  expect(warnings).toEqual([expect.stringContaining('none.png')]);
  const offBy = (offset: number) =>
    ({ fill: ({ image }) => tf.mul(image, 1 - offset) }) as Pick<Method, 'fill'> as Method;
  const [good, bad] = [await validation.measure(offBy(0.1)), await validation.measure(offBy(0.4))];
  expect(good!['l1/hole']).toBeLessThan(bad!['l1/hole'] / 3);
  expect(good!['psnr/hole']).toBeGreaterThan(bad!['psnr/hole'] + 6);
  // Outside the hole is the photo.
  expect(good!['l1/image']).toBeLessThan(0.9 * good!['l1/hole']);
});

it('says nothing of images that are no numbers, or where there is nothing to measure', async () => {
  const broken = { fill: ({ image }) => tf.mul(image, Number.NaN) } as Pick<Method, 'fill'> as Method;
  const some = await Validation.read(tinyConfig(), data.samples.test, silent);
  expect(await some.measure(broken)).toBeUndefined();
  const validation = await Validation.read(tinyConfig(), [], silent);
  expect(await validation.measure({} as Method)).toBeUndefined();
});

it('measures what the configuration lists, and says what tells the best', async () => {
  const config = tinyConfig();
  const output = {
    ...config.output,
    validationMetrics: ['ssim'],
    bestBy: { metric: 'psnr', region: 'image' as const },
  };
  const validation = await Validation.read({ ...config, output }, data.samples.test, silent);
  expect(validation.criterion).toEqual({ key: 'psnr/image', title: 'PSNR', better: 'higher' });
  const method = { fill: ({ image }) => tf.mul(image, 0.9) } as Pick<Method, 'fill'> as Method;
  expect(Object.keys((await validation.measure(method))!)).toEqual([
    'ssim/image',
    'ssim/hole',
    'psnr/image',
    'psnr/hole',
  ]);
});

it.each([
  [{ validationMetrics: ['l2'] }, /Unknown metric: l2/],
  [
    { bestBy: { metric: 'hed-frechet', region: 'hole' as const } },
    /output.bestBy.region[\s\S]*image, for hed-frechet/,
  ],
])('refuses %j', async (change, message) => {
  const config = tinyConfig();
  const output = { ...config.output, ...change };
  await expect(openValidationMetrics({ ...config, output }, silent)).rejects.toThrow(message);
});

it('wants as many samples as its metrics of sets', async () => {
  const config = tinyConfig();
  const output = { ...config.output, validationMetrics: ['hed-frechet'] };
  const one = data.samples.test.slice(0, 1);
  await expect(Validation.read({ ...config, output }, one, silent)).rejects.toThrow(
    /output.validationMetrics/,
  );
});
