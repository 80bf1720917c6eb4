import { describe, expect, it } from 'vitest';
import { seededNormal, seededUniform } from '../../src/ops/random.ts';
import { tf } from '../../src/ops/tf.ts';
import { maxDifference } from '../finite-differences.ts';

describe('seeded values', () => {
  it('depend on the seed alone', () => {
    const draw = (seed: [number, number]) => seededNormal([1000], 2, seed);
    expect(maxDifference(draw([1, 2]), draw([1, 2]))).toBe(0);
    expect(maxDifference(draw([1, 2]), draw([1, 3]))).toBeGreaterThan(0.1);
  });
  it('have the deviation and the bound asked for', () => {
    const { variance } = tf.moments(seededNormal([100000], 2, [1, 2]));
    expect(Math.sqrt(variance.dataSync()[0])).toBeCloseTo(2, 1);
    const uniform = seededUniform([100000], 0.5, [1, 2]);
    expect(tf.max(uniform).dataSync()[0]).toBeLessThan(0.5);
    expect(tf.min(uniform).dataSync()[0]).toBeGreaterThanOrEqual(-0.5);
    expect(tf.mean(tf.abs(uniform)).dataSync()[0]).toBeCloseTo(0.25, 2);
  });
});
