/** Between our layout and the original's, and the tolerances that several components share. */
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { type Check, compare, type Tolerance } from './compare.ts';
import type { FixtureCase } from './fixtures.ts';

/** Networks without instance normalisation, and sketches. */
export const NETWORK: Tolerance = { absolute: 1e-4 };

export const NCHW = (x: Tensor4D): Tensor4D => tf.transpose(x, [0, 3, 1, 2]);

/** A picture [n,h,w,4] as the original has it: the sketch three times, then red, green and blue. */
export function sixChannels(picture: Tensor4D): Tensor4D {
  return tf.gather(picture, tf.tensor1d([0, 0, 0, 1, 2, 3], 'int32'), 3);
}

const largestOf = (fixture: FixtureCase, name: string): number =>
  (fixture.expected(name).data as Float32Array).reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/** A hundred-thousandth of the largest value, and what rounding alone explains. */
function forwardTolerance(fixture: FixtureCase, name: string): Tolerance {
  const rounding = 20 * (fixture.note(name).fp32_vs_fp64?.max_abs ?? 0);
  return { absolute: 1e-5 * largestOf(fixture, name) + rounding };
}

/** A thousandth of the largest gradient, and what rounding alone explains; anything for gradients that are rounding. */
export function gradientTolerance(fixture: FixtureCase, name: string): Tolerance {
  const { fp32_vs_fp64: noise, noise_dominated: isNoise } = fixture.note(name);
  const largest = largestOf(fixture, name);
  const rounding = 20 * (noise?.max_abs ?? 0);
  return { absolute: isNoise ? Math.max(largest, rounding) * 2 + 1e-3 : 1e-3 * largest + rounding };
}

/** A hundred-thousandth of a loss, and what rounding alone explains. */
export function lossTolerance(fixture: FixtureCase, name: string): Tolerance {
  return { absolute: Math.max(1e-6, 20 * (fixture.note(name).fp32_vs_fp64?.max_abs ?? 0)), relative: 1e-5 };
}

/** Compares a tensor where the case holds it; `actual` is in the original's layout. */
type Compare = (fixture: FixtureCase, name: string, actual: Tensor) => Check | undefined;

const within =
  (tolerance: (fixture: FixtureCase, name: string) => Tolerance): Compare =>
  (fixture, name, actual) =>
    fixture.holds(name) ? compare(fixture, name, actual, tolerance(fixture, name)) : undefined;

export const compareForward = within(forwardTolerance);
export const compareGradient = within(gradientTolerance);
export const compareLoss = within(lossTolerance);
