/** Comparison of our numbers with a fixture's. */
import { type Tensor, tf } from '../../src/ops/tf.ts';
import type { FixtureCase } from './fixtures.ts';

/** What may differ: each element by `absolute + relative * |expected|`, but for `strays` elements, by `strayBound`. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative?: number;
  readonly strays?: number;
  readonly strayBound?: number;
}

/** One tensor of a case, compared. */
export interface Check {
  readonly name: string;
  readonly maxError: number;
  readonly tolerance: Tolerance;
  readonly passed: boolean;
}

/** A case's checks, undefined for what it does not hold. */
export type Checks = readonly (Check | undefined)[];

/**
 * Compares our tensor (in the original's layout) with the stored one of that name, or, where only every second row
 * and column of it is stored, with that (`NAME_s2`).
 */
export function compare(fixture: FixtureCase, name: string, actual: Tensor, tolerance: Tolerance): Check {
  const halved = !fixture.has(name);
  const expected = fixture.expected(name);
  const values = tf.tidy(() => {
    const [rows, columns] = halved ? actual.shape.slice(-2) : [0, 0];
    const every = (size: number) => tf.range(0, size, 2, 'int32');
    const part = halved
      ? tf.gather(tf.gather(actual, every(rows), actual.rank - 2), every(columns), actual.rank - 1)
      : actual;
    if (part.size !== expected.data.length)
      throw new Error(`${fixture.id}: ${name} has shape [${part.shape}], the fixture [${expected.shape}]`);
    return part.dataSync();
  });
  return check(name, values, expected.data as ArrayLike<number>, tolerance);
}

/** Compares arrays of one length. */
export function check(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): Check {
  const { absolute, relative = 0, strays = 0, strayBound = 0 } = tolerance;
  let maxError = 0;
  let outside = 0;
  let beyond = actual.length !== expected.length;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - Number(expected[i]));
    // A NaN compares false with everything and must not pass.
    if (!(error <= maxError)) maxError = error;
    if (!(error <= absolute + relative * Math.abs(Number(expected[i])))) {
      outside += 1;
      if (!(error <= strayBound)) beyond = true;
    }
  }
  return { name, maxError, tolerance, passed: !beyond && outside <= strays };
}
