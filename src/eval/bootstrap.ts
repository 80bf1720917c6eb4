/** Bootstrap intervals of means. Photos are resampled, each with all its holes, which are not independent samples. */
import { stream } from '../runtime/seed.ts';

/** A mean with its percentile interval. There is no interval of fewer than two photos. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** The number of values. */
  readonly count: number;
}

/** A value that belongs to a photo; NaN stands for none. */
export interface PhotoValue {
  readonly photo: number;
  readonly value: number;
}

/**
 * Resamples of n photos. They are drawn once and used for every mean, so that means of the same photos vary together
 * (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3).
 */
export class Bootstrap {
  readonly #photos: number;
  readonly #confidence: number;
  /** How often each resample holds each photo, [resamples][photos]. */
  readonly #weights: readonly Uint16Array[];

  constructor(photos: number, options: { resamples: number; confidence: number; seed: number }) {
    const random = stream(options.seed, 'bootstrap');
    this.#photos = photos;
    this.#confidence = options.confidence;
    this.#weights = Array.from({ length: options.resamples }, () => {
      const weights = new Uint16Array(photos);
      for (let i = 0; i < photos; i++) weights[random.integer(0, photos)] += 1;
      return weights;
    });
  }

  /** The mean of values of some of the photos; undefined if there are none. */
  estimate(values: Iterable<PhotoValue>): Estimate | undefined {
    const sums = new Float64Array(this.#photos);
    const counts = new Float64Array(this.#photos);
    let count = 0;
    for (const { photo, value } of values) {
      if (Number.isNaN(value)) continue;
      sums[photo] += value;
      counts[photo] += 1;
      count += 1;
    }
    if (count === 0) return undefined;
    const present = [...counts.keys()].filter((photo) => counts[photo] > 0);
    const mean = present.reduce((sum, photo) => sum + sums[photo], 0) / count;
    if (present.length < 2) return { mean, low: null, high: null, count };
    const means: number[] = [];
    for (const weights of this.#weights) {
      let sum = 0;
      let total = 0;
      for (const photo of present) {
        sum += weights[photo] * sums[photo];
        total += weights[photo] * counts[photo];
      }
      // A resample may hold none of these photos.
      if (total > 0) means.push(sum / total);
    }
    const sorted = Float64Array.from(means).sort();
    const tail = (1 - this.#confidence) / 2;
    return { mean, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), count };
  }
}

/** A quantile of sorted values, linearly interpolated as NumPy does by default. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}
