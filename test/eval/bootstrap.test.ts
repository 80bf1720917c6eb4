import { expect, it } from 'vitest';
import { Bootstrap, quantile } from '../../src/eval/bootstrap.ts';
import { stream } from '../../src/runtime/seed.ts';

const options = { resamples: 2000, confidence: 0.95, seed: 1 };

it('quantile interpolates as NumPy does', () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.975, 1])
  const values = [1, 2, 4, 8];
  const found = [0, 0.1, 0.5, 0.975, 1].map((q) => quantile(values, q).toFixed(9));
  expect(found.map(Number)).toEqual([1, 1.3, 3, 7.7, 8]);
});

it('has the interval of a normal mean', () => {
  const random = stream(3, 'values');
  const values = Array.from({ length: 400 }, (_, photo) => ({ photo, value: 5 + 2 * random.normal() }));
  const { mean, low, high, count } = new Bootstrap(400, options).estimate(values)!;
  expect(count).toBe(400);
  // 1.96 standard errors of 2 / sqrt(400) on either side.
  expect(mean - low!).toBeCloseTo(0.196, 1);
  expect(high! - mean).toBeCloseTo(0.196, 1);
  expect(new Bootstrap(400, options).estimate(values)).toEqual({ mean, low, high, count });
  expect(new Bootstrap(400, { ...options, seed: 2 }).estimate(values)!.low).not.toBe(low);
});

it('resamples photos, not the holes in them', () => {
  const random = stream(4, 'values');
  const photos = Array.from({ length: 50 }, () => random.normal());
  const once = photos.map((value, photo) => ({ photo, value }));
  // Four equal values a photo are no more evidence than one.
  const fourTimes = once.flatMap((value) => [value, value, value, value]);
  const bootstrap = new Bootstrap(50, options);
  const [a, b] = [bootstrap.estimate(once)!, bootstrap.estimate(fourTimes)!];
  expect(b.low).toBeCloseTo(a.low!, 10);
  expect(b.high).toBeCloseTo(a.high!, 10);
  expect(b.count).toBe(200);
});

it('leaves out NaN; one photo has no interval, none no mean', () => {
  const bootstrap = new Bootstrap(3, options);
  const value = (photo: number, v: number) => ({ photo, value: v });
  expect(bootstrap.estimate([value(0, 1), value(1, Number.NaN), value(0, 3)])).toEqual({
    mean: 2,
    low: null,
    high: null,
    count: 2,
  });
  expect(bootstrap.estimate([value(1, Number.NaN)])).toBeUndefined();
  const two = bootstrap.estimate([value(0, 1), value(2, 2)])!;
  expect([two.mean, two.low, two.high]).toEqual([1.5, 1, 2]);
});
