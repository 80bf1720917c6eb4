import type { Tensor4D } from '../../ops/tf.ts';
import { UserError } from '../../runtime/errors.ts';
import { frechetDistance } from './frechet-distance.ts';
import { GaussianSums } from './gaussian-sums.ts';
import type { SetStatistics } from './metric.ts';

/** Fewer have no covariance. */
export const frechetMinimum = 2;

/** Features of images [n,s,s,3] in [0, 1], row-major [n,d]. */
export type FeatureExtractor = (images: Tensor4D) => Promise<Float32Array>;

/** The statistics of a set that a Fréchet distance needs: 17 MB for 2048 features. */
export class FrechetSet implements SetStatistics {
  readonly sums: GaussianSums;
  readonly #features: FeatureExtractor;

  constructor(dimension: number, features: FeatureExtractor) {
    this.sums = new GaussianSums(dimension);
    this.#features = features;
  }

  async add(images: Tensor4D): Promise<void> {
    this.sums.add(await this.#features(images));
  }

  get count(): number {
    return this.sums.count;
  }

  state(): ReturnType<SetStatistics['state']> {
    const { count, sum, products, waiting } = this.sums.state();
    const { dimension } = this.sums;
    return {
      count: { shape: [1], data: Float64Array.of(count) },
      sum: { shape: [sum.length], data: sum },
      products: { shape: [products.length], data: products },
      waiting: { shape: [waiting.length / dimension, dimension], data: waiting },
    };
  }

  restore(state: ReturnType<SetStatistics['state']>): void {
    const take = (key: string) => Float64Array.from(state[key]?.data ?? []);
    this.sums.restore({
      count: take('count')[0] ?? 0,
      sum: take('sum'),
      products: take('products'),
      waiting: Float32Array.from(state.waiting?.data ?? []),
    });
  }
}

/** @throws UserError when a set is too small to have a covariance. @param title the metric's. */
export function compareFrechet(title: string, results: SetStatistics, photos: SetStatistics): number {
  const fewest = Math.min(results.count, photos.count);
  if (fewest < frechetMinimum)
    throw new UserError(`${title} compares sets of images, not single ones.`, {
      expected: `at least ${frechetMinimum} images`,
      got: `${fewest}`,
    });
  return frechetDistance((results as FrechetSet).sums, (photos as FrechetSet).sums);
}
