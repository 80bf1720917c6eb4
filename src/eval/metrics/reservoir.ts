import type { Tensor4D } from '../../ops/tf.ts';
import { UserError } from '../../runtime/errors.ts';
import { stream } from '../../runtime/seed.ts';
import type { FeatureExtractor } from './frechet-set.ts';
import type { SetStatistics } from './metric.ts';

/**
 * Feature vectors of a set, all of them up to `capacity` and from then on a uniform sample (Vitter's algorithm R). What is
 * kept depends on the place of each image in the order of adding and on nothing else.
 */
export class Reservoir implements SetStatistics {
  readonly dimension: number;
  readonly capacity: number;
  readonly #extract: FeatureExtractor;
  #count = 0;
  #rows: Float32Array[] = [];

  constructor(dimension: number, capacity: number, extract: FeatureExtractor) {
    this.dimension = dimension;
    this.capacity = capacity;
    this.#extract = extract;
  }

  get count(): number {
    return this.#count;
  }

  /** How many vectors are kept. */
  get size(): number {
    return this.#rows.length;
  }

  async add(images: Tensor4D): Promise<void> {
    const features = await this.#extract(images);
    for (let start = 0; start < features.length; start += this.dimension) {
      // A stream for each image, so that there is no state to keep.
      const place =
        this.#count < this.capacity
          ? this.#count
          : stream('reservoir', this.#count).integer(0, this.#count + 1);
      if (place < this.capacity) this.#rows[place] = features.slice(start, start + this.dimension);
      this.#count += 1;
    }
  }

  /** The vectors, row-major [size,d]. */
  features(): Float32Array {
    const all = new Float32Array(this.size * this.dimension);
    for (const [i, row] of this.#rows.entries()) all.set(row, i * this.dimension);
    return all;
  }

  state(): ReturnType<SetStatistics['state']> {
    return {
      count: { shape: [1], data: Float64Array.of(this.#count) },
      features: { shape: [this.size, this.dimension], data: this.features() },
    };
  }

  restore(state: ReturnType<SetStatistics['state']>): void {
    const features = Float32Array.from(state.features?.data ?? []);
    const [size, dimension] = state.features?.shape ?? [];
    const count = state.count?.data[0] ?? 0;
    if (dimension !== this.dimension || size !== Math.min(count, this.capacity))
      throw new UserError('Saved features are of another metric.', {
        expected: `[${Math.min(count, this.capacity)},${this.dimension}]`,
        got: `[${size},${dimension}]`,
      });
    this.#count = count;
    this.#rows = Array.from({ length: size }, (_, i) => features.slice(i * dimension, (i + 1) * dimension));
  }
}
