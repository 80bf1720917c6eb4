/** Mean and covariance of feature vectors, streamed in doubles. */

import { withFloat64 } from '../../ops/float64.ts';
import { UserError } from '../../runtime/errors.ts';

/** Vectors whose products are taken at once, however many come at a time: a large matrix product is a fast one. */
const blockSize = 512;

export interface GaussianState {
  /** How many vectors are in the sums. */
  readonly count: number;
  /** [d] */
  readonly sum: Float64Array;
  /** Products x_i x_j, added up, of the upper triangle row by row [d (d + 1) / 2]. */
  readonly products: Float64Array;
  /** Vectors that are not in the sums yet, row-major [k,d]. */
  readonly waiting: Float32Array;
}

/** Needs memory for d (d + 1) / 2 doubles and 512 vectors, however many are added. */
export class GaussianSums {
  readonly dimension: number;
  readonly #sum: Float64Array;
  readonly #products: Float64Array;
  /** Vectors that wait for their block to be full. */
  readonly #waiting: Float32Array;
  #waitingCount = 0;
  #count = 0;

  constructor(dimension: number) {
    this.dimension = dimension;
    this.#sum = new Float64Array(dimension);
    this.#products = new Float64Array((dimension * (dimension + 1)) / 2);
    this.#waiting = new Float32Array(blockSize * dimension);
  }

  get count(): number {
    return this.#count + this.#waitingCount;
  }

  /** Adds vectors, row-major [n,d]. */
  add(vectors: Float32Array): void {
    const d = this.dimension;
    for (let start = 0; start < vectors.length; start += d) {
      this.#waiting.set(vectors.subarray(start, start + d), this.#waitingCount * d);
      this.#waitingCount += 1;
      if (this.#waitingCount === blockSize) this.#flush();
    }
  }

  #flush(): void {
    const d = this.dimension;
    const n = this.#waitingCount;
    if (n === 0) return;
    const sum = this.#sum;
    const vectors = Float64Array.from(this.#waiting.subarray(0, n * d));
    for (let k = 0; k < n * d; k += d) {
      for (let i = 0; i < d; i++) sum[i] += vectors[k + i];
    }
    const block = withFloat64((float64) => {
      const x = float64.matrix(vectors, [n, d]);
      return float64.read(float64.product(x, x, { transposeA: true }));
    });
    const products = this.#products;
    for (let i = 0, p = 0; i < d; i++) {
      for (let j = i; j < d; j++, p++) products[p] += block[i * d + j];
    }
    this.#count += n;
    this.#waitingCount = 0;
  }

  mean(): Float64Array {
    this.#flush();
    return this.#sum.map((value) => value / this.#count);
  }

  /** Sample covariance (divided by n - 1), row-major [d,d]. */
  covariance(): Float64Array {
    const d = this.dimension;
    const mean = this.mean();
    const result = new Float64Array(d * d);
    for (let i = 0, p = 0; i < d; i++) {
      for (let j = i; j < d; j++, p++) {
        const value = (this.#products[p] - this.#count * mean[i] * mean[j]) / (this.#count - 1);
        result[i * d + j] = value;
        result[j * d + i] = value;
      }
    }
    return result;
  }

  /**
   * The sums themselves, not a copy. Vectors that wait stay apart: so where a run is saved and goes on makes no difference,
   * not even of rounding.
   */
  state(): GaussianState {
    return {
      count: this.#count,
      sum: this.#sum,
      products: this.#products,
      waiting: this.#waiting.slice(0, this.#waitingCount * this.dimension),
    };
  }

  /** Goes on from a saved state. @throws UserError when it is of another dimension. */
  restore({ count, sum, products, waiting }: GaussianState): void {
    if (sum.length !== this.#sum.length || products.length !== this.#products.length)
      throw new UserError('Saved Fréchet statistics are of other features.', {
        expected: `${this.dimension} features`,
        got: `${sum.length}`,
      });
    this.#sum.set(sum);
    this.#products.set(products);
    this.#count = count;
    this.#waiting.set(waiting);
    this.#waitingCount = waiting.length / this.dimension;
  }
}
