import { expect, it } from 'vitest';
import {
  compareFrechet,
  FrechetSet,
  frechetDistance,
  GaussianSums,
} from '../../../src/eval/metrics/frechet.ts';
import { kernelDistance, Reservoir } from '../../../src/eval/metrics/kid.ts';
import { tf } from '../../../src/ops/tf.ts';
import { UserError } from '../../../src/runtime/errors.ts';
import { expectClose, expected, hash } from './support.ts';

/** Features as make-fixtures.py makes them. */
function madeUp(name: string, n: number, d: number): Float32Array {
  const own = hash(name, n * d);
  const scale = hash('scale', d);
  const common = hash(`${name} common`, n);
  return own.map((value, k) => value * scale[k % d] + common[Math.floor(k / d)] * 0.3);
}

function sumsOf(vectors: Float32Array, d: number, batch: number): GaussianSums {
  const sums = new GaussianSums(d);
  for (let start = 0; start < vectors.length; start += batch * d)
    sums.add(vectors.subarray(start, start + batch * d));
  return sums;
}

it.each([400, 20])('equals pytorch-fid and SciPy on %i vectors of 64', (n) => {
  const [a, b] = ['a', 'b'].map((name) => sumsOf(madeUp(name, n, 64), 64, 32));
  expectClose([frechetDistance(a, b)], [expected.madeUp[`frechet${n}`]], 1e-6);
  expect(Math.abs(frechetDistance(a, a))).toBeLessThan(1e-6);
});

it('does not depend on how vectors come in batches, nor on a pause', () => {
  const vectors = madeUp('a', 700, 16);
  const other = sumsOf(madeUp('b', 30, 16), 16, 8);
  const whole = frechetDistance(sumsOf(vectors, 16, 700), other);
  const resumed = new GaussianSums(16);
  resumed.restore(structuredClone(sumsOf(vectors.slice(0, 16 * 100), 16, 9).state()));
  resumed.add(vectors.slice(16 * 100));
  expect(resumed.count).toBe(700);
  expect(frechetDistance(sumsOf(vectors, 16, 7), other)).toBe(whole);
  expect(frechetDistance(resumed, other)).toBe(whole);
  expect(() => new GaussianSums(8).restore(resumed.state())).toThrow(UserError);
});

it('keeps a set whole over a pause, also vectors that are not in its sums yet', () => {
  const set = new FrechetSet(8);
  set.add(madeUp('a', 600, 8));
  const resumed = new FrechetSet(8);
  resumed.restore(structuredClone(set.state()));
  expect(resumed.count).toBe(600);
  expect(resumed.sums.covariance()).toEqual(set.sums.covariance());
});

it('needs two images at least', () => {
  const [one, two] = [1, 2].map((n) => {
    const set = new FrechetSet(4);
    set.add(madeUp('a', n, 4));
    return set;
  });
  expect(() => compareFrechet('FID', one, two)).toThrow('at least 2 images');
  expect(compareFrechet('FID', two, two)).toBeCloseTo(0, 6);
});

it('KID equals torch-fidelity where sets are compared as wholes', () => {
  const [x, y] = ['a', 'b'].map((name) => ({ data: madeUp(name, 400, 64), count: 400 }));
  const before = tf.memory().numTensors;
  expectClose([kernelDistance(x, y, 64, { number: 100, size: 1000 })], [expected.madeUp.kid400], 1e-3);
  expect(tf.memory().numTensors).toBe(before);
});

it('KID of random subsets is near that of the whole sets, and the same every time', () => {
  const [x, y] = ['a', 'b'].map((name) => ({ data: madeUp(name, 400, 64), count: 400 }));
  const shifted = { ...y, data: y.data.map((value) => value + 0.1) };
  const whole = kernelDistance(x, shifted, 64, { number: 1, size: 400 });
  const subsets = () => kernelDistance(x, shifted, 64, { number: 100, size: 200 });
  expect(subsets()).toBe(subsets());
  expectClose([subsets()], [whole], 0.02);
});

it('a reservoir keeps all vectors while it can, then a sample that a pause does not change', () => {
  const values = (from: number, count: number) => Float32Array.from({ length: count }, (_, i) => from + i);
  // One feature an image: its number.
  const fill = (set: Reservoir, counts: readonly number[]) => {
    for (const count of counts) set.add(values(set.count, count));
    return set;
  };
  const few = fill(new Reservoir(1, 50), [30, 20]);
  expect([...few.features()]).toEqual([...values(0, 50)]);
  const many = fill(new Reservoir(1, 50), [100, 900]);
  const paused = fill(new Reservoir(1, 50), [7, 500]);
  const resumed = new Reservoir(1, 50);
  resumed.restore(paused.state());
  fill(resumed, [493]);
  expect(many.count).toBe(1000);
  expect(many.size).toBe(50);
  expect(resumed.features()).toEqual(many.features());
  // Uniform: the mean of 50 numbers below 1000 has a deviation of 41.
  const mean = many.features().reduce((sum, value) => sum + value, 0) / 50;
  expect(Math.abs(mean - 500)).toBeLessThan(150);
  expect(() => new Reservoir(2, 50).restore(many.state())).toThrow(UserError);
});
