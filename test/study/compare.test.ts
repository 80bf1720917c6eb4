/** Differences of methods against an independent computation, and what intervals decide. */
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/eval/bootstrap.ts';
import type { ImageValues } from '../../src/eval/report/image-values.ts';
import type { Report } from '../../src/eval/report/report.ts';
import type { Measure } from '../../src/eval/report/select.ts';
import { stream } from '../../src/runtime/seed.ts';
import {
  answer,
  type Contender,
  type Contest,
  change,
  difference,
  differenceOfChanges,
  Measured,
  verdictOf,
} from '../../src/study/compare.ts';

const PHOTOS = 12;
const HOLES = ['rectangle', 'thin'];
const RESAMPLES = 400;

const measure = (name: string, better: 'lower' | 'higher'): Measure => ({
  metric: { name, title: name, unit: '', better, definition: '', kind: 'sample', regions: ['hole'] },
  region: 'hole',
});
const quality = measure('error', 'lower');
const fidelity = measure('score', 'higher');

const report = {
  suite: { seed: 5, bootstrap: { resamples: RESAMPLES, confidence: 0.9 } },
  set: { photos: PHOTOS, images: PHOTOS * HOLES.length },
  methods: [{ label: 'own, step 1' }, { label: 'other, step 2' }],
} as Report;

/** The error that a method makes without noise. */
type Model = (d: number, l: number) => number;

/** What is measured where the studied method makes these errors and a baseline those. The score is 1 minus the error. */
function images(own: Model, other: Model, noise = 0.1): ImageValues[] {
  const random = stream(3, 'values');
  const photos = Array.from({ length: PHOTOS }, (_, i) => `photo ${i}`);
  const of = (method: string, d: number, l: number | null, error: number): ImageValues[] =>
    photos.flatMap((photo) =>
      HOLES.map((hole) => {
        const value = error + noise * random.normal();
        return { method, d, l, photo, hole, values: { 'error/hole': value, 'score/hole': 1 - value } };
      }),
    );
  return [0, 1].flatMap((d) => [
    ...[0, 1].flatMap((l) => of('own, step 1', d, l, own(d, l))),
    ...of('other, step 2', d, null, other(d, 0)),
  ]);
}

const studied = (l: number): Contender => ({
  name: `own at l = ${l}`,
  at: (d) => ({ method: 'own, step 1', d, l }),
});
const baseline: Contender = { name: 'other', at: (d) => ({ method: 'other, step 2', d, l: null }) };
/** l = d is chosen. */
const chosen: Contender = { name: 'own at the chosen l', at: (d) => studied(d).at(d) };
const contest: Contest = {
  quality,
  fidelity,
  ds: [0, 1],
  ls: [0, 1],
  studied,
  chosen,
  baselines: [baseline],
};

describe('differences', () => {
  const all = images(
    (d) => 0.3 + 0.2 * d,
    (d) => 0.3 + 0.5 * d,
  );
  const measured = new Measured(report, all);

  /** The mean of what a method got, of the photos of a resample. */
  function mean(one: Contender, d: number, photos: readonly number[]): number {
    const { method, l } = one.at(d);
    const values = photos.flatMap((photo) =>
      all
        .filter((image) => image.method === method && image.d === d && image.l === l)
        .filter((image) => image.photo === `photo ${photo}`)
        .map((image) => image.values['error/hole']!),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  /** The interval of what is computed of every resample anew, from means of methods. */
  function interval(compute: (photos: readonly number[]) => number) {
    const random = stream(5, 'bootstrap');
    const resample = () => Array.from({ length: PHOTOS }, () => random.integer(0, PHOTOS));
    const found = Float64Array.from({ length: RESAMPLES }, () => compute(resample())).sort();
    const everyone = Array.from({ length: PHOTOS }, (_, i) => i);
    return { mean: compute(everyone), low: quantile(found, 0.05), high: quantile(found, 0.95) };
  }

  it.each([
    [
      'of two methods',
      difference(chosen, baseline, 1),
      (photos: readonly number[]) => mean(chosen, 1, photos) - mean(baseline, 1, photos),
    ],
    [
      'of a method with itself at another d',
      change(chosen, 0, 1),
      (photos: readonly number[]) => mean(chosen, 1, photos) - mean(chosen, 0, photos),
    ],
    [
      'of such differences',
      differenceOfChanges(chosen, baseline, 0, 1),
      (photos: readonly number[]) =>
        mean(chosen, 1, photos) -
        mean(chosen, 0, photos) -
        (mean(baseline, 1, photos) - mean(baseline, 0, photos)),
    ],
  ])('%s are those of every resample computed anew', (_, terms, compute) => {
    const found = measured.estimate(quality, terms)!;
    const expected = interval(compute);
    expect(found.count).toBe(PHOTOS * HOLES.length);
    for (const key of ['mean', 'low', 'high'] as const) expect(found[key]).toBeCloseTo(expected[key], 12);
  });

  it('leave out images without a value; a method that is given no sketch is the same at every d', () => {
    const some = all
      .filter(({ method, d }) => method !== baseline.at(0).method || d === 0)
      .map((image) => (image.method === baseline.at(0).method ? { ...image, d: null } : image))
      .map((image) =>
        image.photo === 'photo 2' && image.l === 1
          ? { ...image, values: { ...image.values, 'error/hole': null } }
          : image,
      );
    const other = new Measured(report, some);
    expect(other.estimate(quality, difference(chosen, baseline, 1))?.count).toBe((PHOTOS - 1) * HOLES.length);
    expect(other.estimate(quality, change(baseline, 0, 1))).toMatchObject({ mean: 0, low: 0, high: 0 });
    expect(() => other.estimate(quality, [[1, studied(0.5).at(0)]])).toThrow(/Nothing was measured/);
  });
});

it.each([
  ['lower', -2, -1, 'holds'],
  ['lower', -2, 1, 'not decided'],
  ['lower', 1, 2, 'does not hold'],
  ['lower', 0, 0, 'does not hold'],
  ['lower', -1, 0, 'not decided'],
  ['higher', 1, 2, 'holds'],
  ['higher', -1, 2, 'not decided'],
  ['higher', -2, -1, 'does not hold'],
  ['higher', null, null, 'not decided'],
] as const)('where %s is better, an interval [%s, %s]: %s', (better, low, high, verdict) => {
  expect(verdictOf({ mean: 0, low, high, count: 9 }, { better })).toBe(verdict);
});

describe('the answer', () => {
  const verdicts = (own: Model, other: Model) =>
    answer(new Measured(report, images(own, other, 0.01)), contest).map(({ claims }) =>
      claims.map(({ verdict }) => verdict),
    );

  it('is yes where l forgives what the other does not, and costs fidelity', () => {
    // At l = 0 it follows the sketch and its errors; at l = 1 neither.
    const own: Model = (d, l) => (l === 1 ? 0.4 : 0.2 + 0.5 * d);
    expect(verdicts(own, (d) => 0.3 + 0.6 * d)).toEqual([
      ['holds'],
      ['holds'],
      ['holds', 'holds'],
      ['holds'],
      ['holds'],
    ]);
  });

  it('is no where rough sketches cost it more, and undecided where all are alike', () => {
    const own: Model = (d, l) => 0.4 + 0.5 * d + 0.1 * l;
    expect(verdicts(own, (d) => 0.3 + 0.2 * d)).toEqual([
      ['does not hold'],
      ['does not hold'],
      ['does not hold', 'not decided'],
      ['does not hold'],
      ['holds'],
    ]);
    const [robust, rough] = verdicts(
      () => 0.5,
      () => 0.5,
    );
    expect([robust, rough]).toEqual([['not decided'], ['not decided']]);
  });
});
