import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../src/eval/metrics/inception-features.ts';
import type {
  Metric,
  MetricBatch,
  MetricContext,
  SampleMetric,
  SetMetric,
  SetStatistics,
} from '../../../src/eval/metrics/metric.ts';
import { createMetric } from '../../../src/eval/metrics/registry.ts';
import { bicubic, resample, triangle } from '../../../src/eval/metrics/resample.ts';
import { hedWeightsPath } from '../../../src/nn/hed.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import {
  disposeBatch,
  expectClose,
  expected,
  readBatch,
  sample,
  sizes,
  temporaryContext,
  writeHashWeights,
} from './support.ts';

const installed = existsSync(hedWeightsPath);
const note = installed ? '' : ' (skipped: the HED weights are not installed, see `npm run doctor`)';

let context: MetricContext;
beforeAll(async () => {
  context = await temporaryContext();
  for (const [name, shapes] of Object.entries(expected.shapes))
    await writeHashWeights(context, name, shapes as Record<string, number[]>);
});

/** Makes metrics, which leave no tensors behind. */
async function using<M extends Metric>(names: readonly string[], use: (...metrics: M[]) => Promise<void>) {
  const before = tf.memory().numTensors;
  const metrics: M[] = [];
  for (const name of names) metrics.push((await createMetric(name, context)) as M);
  expect(metrics.map(({ name }) => name)).toEqual(names);
  await use(...metrics);
  for (const metric of metrics) metric.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

const perceptual = [
  { name: 'lpips-alex', key: 'alex', reference: 'the lpips package' },
  { name: 'lpips-vgg', key: 'vgg', reference: 'the lpips package' },
  ...(installed ? [{ name: 'hed-perceptual', key: 'hedPerceptual', reference: 'torch' }] : []),
];

describe(`perceptual distances${note}`, () => {
  it.each(perceptual)(
    '$name equals $reference, image and hole, whatever the batch',
    async ({ name, key }) => {
      const batches = await Promise.all(sizes.map(readBatch));
      const one = sample(batches[0], 2);
      await using<SampleMetric>([name], async (metric) => {
        for (const [i, size] of sizes.entries()) {
          const { image, hole } = await metric.measure(batches[i]);
          expectClose(image!, expected[size][key].image, 1e-3);
          expectClose(hole!, expected[size][key].hole, 1e-3);
        }
        const together = await metric.measure(batches[0]);
        const alone = await metric.measure(one);
        expectClose(alone.image!, together.image!.slice(2, 3), 1e-5);
        expectClose(alone.hole!, together.hole!.slice(2, 3), 1e-5);
      });
      for (const batch of [...batches, one]) disposeBatch(batch);
    },
  );
});

describe('Inception', () => {
  it('resizes as Pillow and clean-fid do', async () => {
    const { truth } = await readBatch(64);
    const green = tf.tidy(() => tf.mul(tf.slice(truth, [0, 0, 0, 1], [1, -1, -1, 1]), 255)) as Tensor4D;
    for (const [key, filter] of [
      ['23', bicubic],
      ['23 bilinear', triangle],
    ] as const)
      expectClose(await resample(green, 23, filter).data(), expected.resized[key].flat(), 1e-4);
    const large = (await (prepare(truth).slice([0, 0, 0, 1], [1, -1, -1, 1]) as Tensor4D).array())[0];
    const picked = expected.resized['299'].map((row: number[], y: number) =>
      row.map((_, x) => large[13 * y][17 * x][0] * 128 + 128),
    );
    expectClose(picked.flat(), expected.resized['299'].flat(), 1e-4);
  });

  it('FID and KID equal pytorch-fid’s network with NumPy and torch-fidelity, whatever the batch', async () => {
    const batches = await Promise.all(sizes.map(readBatch));
    await using<SetMetric>(['fid', 'kid'], async (...metrics) => {
      for (const [i, size] of sizes.entries()) {
        const { truth, result } = batches[i];
        // At the larger size only KID's, as the eigenvalues of FID take seconds.
        for (const metric of metrics.slice(i)) {
          const [results, photos] = [metric.start(), metric.start()];
          results.add(await metric.features(result));
          photos.add(await metric.features(truth));
          const distance = metric.compare(results, photos);
          expectClose([distance], [expected[size][metric.name]], 1e-3);
          // FID's sums are tested on their own.
          if (size === 64 && metric.name === 'kid')
            expectClose([metric.compare(await oneByOne(metric, batches[i]), photos)], [distance], 1e-5);
        }
      }
    });
    for (const batch of batches) disposeBatch(batch);
  });
});

/** Statistics of a batch's results, each added alone and after a pause. */
async function oneByOne(metric: SetMetric, batch: MetricBatch): Promise<SetStatistics> {
  let statistics = metric.start();
  for (let i = 0; i < batch.result.shape[0]; i++) {
    const one = sample(batch, i);
    statistics.add(await metric.features(one.result));
    disposeBatch(one);
    const resumed = metric.start();
    resumed.restore(structuredClone(statistics.state()));
    statistics = resumed;
  }
  return statistics;
}

it.skipIf(!installed)(`hed-frechet equals torch and NumPy${note}`, async () => {
  const batch = await readBatch(64);
  await using<SetMetric>(['hed-frechet'], async (metric) => {
    const [results, photos] = [metric.start(), metric.start()];
    results.add(await metric.features(batch.result));
    photos.add(await metric.features(batch.truth));
    expectClose([metric.compare(results, photos)], [expected[64].hedFrechet], 1e-3);
  });
  disposeBatch(batch);
});

describe('weight files', () => {
  it('that are missing are named, with where to get them and how to convert them', async () => {
    const empty = await temporaryContext();
    await expect(createMetric('fid', empty)).rejects.toThrow(
      /inception\.safetensors[\s\S]*pytorch-fid[\s\S]*npm run import -- --from pt_inception.*--out .*inception\.safetensors/,
    );
    await expect(createMetric('lpips-vgg', empty)).rejects.toThrow(/lpips-vgg\.safetensors[\s\S]*vgg\.pth/);
  });

  it('that hold something else are refused, naming the first entry that does not fit', async () => {
    const wrong = await temporaryContext();
    await writeHashWeights(wrong, 'inception', expected.shapes.alexnet);
    await expect(createMetric('kid', wrong)).rejects.toThrow(
      /Conv2d_1a_3x3\.conv\.weight[\s\S]*got: +nothing/,
    );
    await writeFile(join(wrong.weights, 'lpips-alex.safetensors'), 'not a tensor');
    await expect(createMetric('lpips-alex', wrong)).rejects.toThrow(/lpips-alex\.safetensors/);
  });

  it('a metric that does not exist is answered with the nearest name', async () => {
    await expect(createMetric('lpips-alexnet', context)).rejects.toThrow('did you mean `lpips-alex`?');
    await expect(createMetric('toString', context)).rejects.toThrow('Unknown metric: toString');
  });
});
