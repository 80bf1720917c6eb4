/** Mean and covariance of feature vectors, streamed in doubles. */
import { UserError } from '../../runtime/errors.ts';

/** Vectors added to the products at once: fewer passes over a matrix that no cache holds. */
const block = 4;

export interface GaussianState {
  readonly count: number;
  /** [d] */
  readonly sum: Float64Array;
  /** Products x_i x_j, added up, of the upper triangle row by row [d (d + 1) / 2]. */
  readonly products: Float64Array;
}

export class GaussianSums {
  readonly dimension: number;
  #count = 0;
  #sum: Float64Array;
  #products: Float64Array;

  constructor(dimension: number) {
    this.dimension = dimension;
    this.#sum = new Float64Array(dimension);
    this.#products = new Float64Array((dimension * (dimension + 1)) / 2);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds vectors, row-major [n,d]. */
  add(vectors: Float32Array): void {
    const d = this.dimension;
    const n = vectors.length / d;
    for (let start = 0; start < n; start += block) {
      // Rows that are not there are zeros and add nothing.
      const rows = Array.from({ length: block }, (_, r) =>
        start + r < n
          ? Float64Array.from(vectors.subarray((start + r) * d, (start + r + 1) * d))
          : new Float64Array(d),
      ) as [Float64Array, Float64Array, Float64Array, Float64Array];
      this.#addBlock(rows);
    }
    this.#count += n;
  }

  #addBlock([a, b, c, e]: [Float64Array, Float64Array, Float64Array, Float64Array]): void {
    const sum = this.#sum;
    const products = this.#products;
    const d = this.dimension;
    for (let i = 0, p = 0; i < d; i++) {
      const [ai, bi, ci, ei] = [a[i]!, b[i]!, c[i]!, e[i]!];
      sum[i]! += ai + bi + ci + ei;
      for (let j = i; j < d; j++, p++) products[p]! += ai * a[j]! + bi * b[j]! + ci * c[j]! + ei * e[j]!;
    }
  }

  mean(): Float64Array {
    return this.#sum.map((value) => value / this.#count);
  }

  /** Sample covariance (divided by n - 1), row-major [d,d]. */
  covariance(): Float64Array {
    const d = this.dimension;
    const mean = this.mean();
    const result = new Float64Array(d * d);
    for (let i = 0, p = 0; i < d; i++) {
      for (let j = i; j < d; j++, p++) {
        const value = (this.#products[p]! - this.#count * mean[i]! * mean[j]!) / (this.#count - 1);
        result[i * d + j] = value;
        result[j * d + i] = value;
      }
    }
    return result;
  }

  /** The sums themselves, not a copy. */
  state(): GaussianState {
    return { count: this.#count, sum: this.#sum, products: this.#products };
  }

  /** Goes on from a saved state. @throws UserError when it is of another dimension. */
  restore({ count, sum, products }: GaussianState): void {
    if (sum.length !== this.#sum.length || products.length !== this.#products.length)
      throw new UserError('Saved Fréchet statistics are of other features.', {
        expected: `${this.dimension} features`,
        got: `${sum.length}`,
      });
    this.#count = count;
    this.#sum = Float64Array.from(sum);
    this.#products = Float64Array.from(products);
  }
}
