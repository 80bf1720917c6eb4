import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PreparedData } from '../../src/data/types.ts';
import { MetricCollection } from '../../src/eval/metrics/collection.ts';
import { goodness } from '../../src/eval/metrics/metric.ts';
import type { EvaluationSet } from '../../src/eval/suite/set.ts';
import { summarize } from '../../src/eval/summarize.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { makePairs } from '../train/pairs.ts';
import { brightnessDistance, evaluateFakes, fakeCheckpoint, fakeSet, fakeSuite } from './fakes.ts';

let folder: string;
let data: PreparedData;
let set: EvaluationSet;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
  data = await makePairs(join(folder, 'pairs'), 5);
  set = await fakeSet(data.samples.train);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A reporter whose bar tells how far it is. */
function watching(update: (done: number, total: number) => void): Reporter {
  return {
    ...silent,
    task: (_, total) => ({ update: (done) => update(done, total), finish() {} }),
  };
}

it('measures baselines and every checkpoint at every d and l, and leaks no tensors', async () => {
  const places: [number, number][] = [];
  await evaluateFakes(set, join(folder, 'warm'));
  const before = tf.memory().numTensors;
  const { results, metrics } = await evaluateFakes(set, join(folder, 'all'), {
    reporter: watching((done, total) => places.push([done, total])),
  });
  expect(tf.memory().numTensors).toBe(before);
  const expected = ['a', 'b'].flatMap((label) => [
    [`${label}: F, true sketch`, undefined, undefined],
    ...[0, 0.5, 1].flatMap((d) => [0, 1].map((l) => [label, d, l])),
  ]);
  expect(results.map(({ method, degradation, l }) => [method.label, degradation, l])).toEqual([
    ['Mean colour', undefined, undefined],
    ...expected,
  ]);
  expect(set.items).toHaveLength(10);
  // Photos, mean colour, and for both checkpoints F and 6 results.
  expect(places.at(-1)).toEqual([10 * 16, 10 * 16]);
  const column = metrics.columns.findIndex(({ metric, region }) => metric.name === 'l1' && region === 'hole');
  const l1 = (label: string) => {
    const result = results.find(({ method }) => method.label === label)!;
    return result.values[column];
  };
  // Brighter by 0.02 of 2, but where the photo is as bright as can be.
  expect(l1('a: F, true sketch')).toBeGreaterThan(0.009);
  expect(l1('a: F, true sketch')).toBeLessThanOrEqual(0.0101);
  expect(l1('b')).toBeGreaterThan(l1('a'));
});

it('blends results with the photo outside the hole unless told otherwise', async () => {
  const whole = async (blend: boolean) => {
    const own = await fakeSet(data.samples.train, fakeSuite({ blend }));
    const { results, metrics } = await evaluateFakes(own, join(folder, `blend-${blend}`));
    const column = metrics.columns.findIndex((c) => c.metric.name === 'l1' && c.region === 'image');
    return results.at(-1)!.values[column];
  };
  expect(await whole(true)).toBeLessThan(0.8 * (await whole(false)));
});

it('measures the same in any batch', async () => {
  const all = (await evaluateFakes(set, join(folder, 'batch-16'), { batch: 16 })).results;
  const single = (await evaluateFakes(set, join(folder, 'batch-1'), { batch: 1 })).results;
  for (const [i, { values, distances }] of all.entries()) {
    values.forEach((value, k) => {
      expect(single[i].values[k]).toBeCloseTo(value, 5);
    });
    expect(single[i].distances.brightness).toBeCloseTo(distances.brightness, 5);
  }
});

it('goes on after an interrupt, with the same numbers', async () => {
  const whole = (await evaluateFakes(set, join(folder, 'whole'))).results;
  const out = join(folder, 'interrupted');
  let done = 0;
  let before = 0;
  for (const most of [20, 60, 61, 110]) {
    const controller = new AbortController();
    const reporter = watching((images) => {
      done = images;
      if (images > most) controller.abort(new Error('interrupted'));
    });
    const { signal } = controller;
    await expect(evaluateFakes(set, out, { reporter, signal })).rejects.toThrow('interrupted');
    expect(done).toBeGreaterThan(before);
    before = done;
  }
  const first: number[] = [];
  const { results, shards } = await evaluateFakes(set, out, {
    reporter: watching((images) => first.push(images)),
  });
  // It begins with what the first part had done.
  expect(first[0]).toBe(10);
  expect(results.map(({ values, distances }) => ({ values, distances }))).toEqual(
    whole.map(({ values, distances }) => ({ values, distances })),
  );
  await shards.remove();
  expect(existsSync(join(out, '.shards'))).toBe(false);
});

it('measures anew what is damaged on disk, or was of another set', async () => {
  const out = join(folder, 'damaged');
  const whole = (await evaluateFakes(set, out)).results;
  const [key] = readdirSync(join(out, '.shards'));
  for (const [i, name] of readdirSync(join(out, '.shards', key)).entries()) {
    const path = join(out, '.shards', key, name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 255;
    writeFileSync(path, i % 2 ? bytes : bytes.subarray(0, 50));
  }
  const again = (await evaluateFakes(set, out)).results;
  expect(again.map(({ values }) => values)).toEqual(whole.map(({ values }) => values));
  await evaluateFakes(await fakeSet(data.samples.test), out);
  expect(readdirSync(join(out, '.shards'))).toHaveLength(2);
});

it('ends at images with values that are not finite, saying whose', async () => {
  const broken = fakeCheckpoint('broken', 0, {
    predict: ({ image, l }) => ({ result: tf.div(image, l === 1 ? 0 : 1) as Tensor4D }),
  });
  await expect(evaluateFakes(set, join(folder, 'nan'), { checkpoints: [broken] })).rejects.toThrow(
    /not finite[\s\S]*broken at l = 1/,
  );
});

it('wants as many images as its metrics of sets', () => {
  const metrics = new MetricCollection([brightnessDistance()]);
  expect(() => metrics.requireImages(1)).toThrow(/brightness[\s\S]*at least 2[\s\S]*got:\s+1/);
  metrics.requireImages(2);
});

it('measures results that are smaller than photos at their own size', async () => {
  const small = fakeCheckpoint('small', 0, {
    resolution: 32,
    predict: ({ image }) => ({ result: tf.image.resizeBilinear(image, [32, 32], true) }),
    upperBound: undefined,
  });
  const { results } = await evaluateFakes(set, join(folder, 'small'), { checkpoints: [small] });
  expect(results).toHaveLength(7);
  expect(results.at(-1)!.values[0]).toBeCloseTo(0, 6);
});

it('tells the best l of each sketch, and whether it clearly is', async () => {
  // Of a, l = 1 is brighter by 0.1 everywhere; of the other, as far off as l = 0, to the other side.
  const equal = fakeCheckpoint('equal', 0, {
    predict: ({ image, l }) => ({
      result: tf.add(image, Number(l) === 1 ? 0.100001 : -0.1) as Tensor4D,
    }),
  });
  const checkpoints = [fakeCheckpoint('a', 0), equal];
  const { results, metrics } = await evaluateFakes(set, join(folder, 'best'), { checkpoints });
  const { bestL } = summarize(set, metrics, results);
  const at = (method: string, metric: string) =>
    bestL.find(
      (row) => row.method === method && row.metric === metric && row.region !== 'image' && row.d === 0,
    );
  expect(at('a', 'l1')).toMatchObject({ l: 0, clear: true });
  expect(at('equal', 'l1')).toMatchObject({ clear: false });
  expect(bestL.find((row) => row.metric === 'brightness')).toMatchObject({ method: 'a', clear: null });
});

it('sums up by source where photos come from several, and a shift to either side is no better', async () => {
  const named = data.samples.train.map((sample, i) => ({ ...sample, source: i % 2 ? 'odd' : 'even' }));
  const mixed = await fakeSet(named);
  const { results, metrics } = await evaluateFakes(mixed, join(folder, 'sources'));
  const { rows } = summarize(mixed, metrics, results);
  const own = rows.filter(
    (row) => row.method === 'b' && row.d === 0 && row.l === 1 && row.metric === 'l1' && row.region === 'hole',
  );
  const [all] = own.filter(({ hole, size, source }) => hole === null && size === null && source === null);
  const parts = own.filter(({ source }) => source !== null);
  expect(parts.map(({ source }) => source)).toEqual(['even', 'odd']);
  const total = parts.reduce((sum, { mean, count }) => sum + mean * count, 0);
  expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(all.count);
  expect(total / all.count).toBeCloseTo(all.mean, 10);
  const zero = [-2, 1, 0.5, 3].map((value) => goodness('zero', value));
  expect(zero.indexOf(Math.max(...zero))).toBe(2);
});

it('sums up by hole and size, and tells differences of the same images', async () => {
  const { results, metrics } = await evaluateFakes(set, join(folder, 'summary'));
  const { rows, differences } = summarize(set, metrics, results);
  const of = (change: object) =>
    rows.filter((row) => Object.entries(change).every(([key, value]) => Object.is(row[key as 'd'], value)));
  const cell = { method: 'b', d: 0, l: 1, metric: 'l1', region: 'hole' };
  const [all] = of({ ...cell, hole: null, size: null, source: null });
  expect(all.count).toBe(set.items.length);
  expect(all.low).toBeLessThan(all.mean);
  expect(all.high).toBeGreaterThan(all.mean);
  const kinds = ['rectangle', 'thin'].map((hole) => of({ ...cell, hole })[0]);
  expect(kinds.map(({ count }) => count)).toEqual([5, 5]);
  expect((kinds[0].mean + kinds[1].mean) / 2).toBeCloseTo(all.mean, 10);
  const sizes = of({ ...cell, hole: null }).filter(({ size }) => size !== null);
  expect(sizes.reduce((sum, { count }) => sum + count, 0)).toBe(set.items.length);
  const [set_] = of({ ...cell, metric: 'brightness', region: 'image' });
  expect(set_).toMatchObject({ low: null, high: null, count: set.items.length });

  const [difference] = differences.filter(
    (row) => row.method === 'b' && row.d === 0 && row.l === 1 && row.metric === 'l1' && row.region === 'hole',
  );
  const reference = of({ ...cell, method: 'a', hole: null, size: null, source: null })[0];
  expect(difference).toMatchObject({ reference: 'a', count: set.items.length });
  expect(difference.mean).toBeCloseTo(all.mean - reference.mean, 10);
  // Of the same images, so that what images differ in cancels out.
  expect(difference.high! - difference.low!).toBeLessThan(all.high! - all.low!);
  expect(differences.every(({ method }) => method === 'b')).toBe(true);
});
