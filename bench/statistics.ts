import { stream } from '../src/runtime/seed.ts';

/** A number with the bounds between which it would be in 95 of 100 repetitions. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;
const CONFIDENCE = 0.95;

/** The q-quantile of at least one number, interpolated. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place - Math.floor(place));
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** A median with its quartiles as bounds. */
export function medianAndQuartiles(numbers: readonly number[]): Interval {
  return { value: median(numbers), low: quantile(numbers, 0.25), high: quantile(numbers, 0.75) };
}

/**
 * The median of `above` divided by that of `below`, with a 95 % percentile bootstrap. Entries of one index were
 * measured one right after the other and are drawn together, so that what slowed both down does not widen the bounds.
 */
export function medianRatio(above: readonly number[], below: readonly number[]): Interval {
  const random = stream(1, 'bench bootstrap');
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = above.map(() => random.integer(0, above.length));
    return median(drawn.map((i) => above[i])) / median(drawn.map((i) => below[i]));
  });
  return {
    value: median(above) / median(below),
    low: quantile(ratios, (1 - CONFIDENCE) / 2),
    high: quantile(ratios, (1 + CONFIDENCE) / 2),
  };
}
