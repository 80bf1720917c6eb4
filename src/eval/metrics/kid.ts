/** Kernel Inception distance (KID). */
import { inceptionFeatures } from '../../nn/inception.ts';
import { type Tensor, type Tensor2D, tf } from '../../ops/tf.ts';
import { UserError } from '../../runtime/errors.ts';
import { stream } from '../../runtime/seed.ts';
import { borrowInception } from './inception-features.ts';
import type { MetricContext, SetMetric, SetStatistics } from './metric.ts';

/** The estimate compares pairs of different images within each set. */
const minimum = 2;
/** Features kept of a set: 32 MB. */
const capacity = 4096;
/** As in the paper. */
const subsets = { number: 100, size: 1000 };

/**
 * Kernel Inception distance (Bińkowski, Sutherland, Arbel and Gretton, ICLR 2018) of whole images: the squared maximum
 * mean discrepancy of Inception's features under the kernel (x · y / 2048 + 1)³. The estimate is unbiased, so it may be below 0.
 * It is the mean over 100 random subsets of 1000 images; sets of up to 1000 images are compared as they are, once. Of
 * larger sets than 4096 images, a random 4096 count.
 *
 * @throws UserError when Inception's weights are missing.
 */
export async function createKid(context: MetricContext): Promise<SetMetric> {
  const { value: inception, release } = await borrowInception(context, 'kid');
  return {
    kind: 'set',
    name: 'kid',
    title: 'KID',
    unit: '',
    better: 'lower',
    definition:
      'Kernel Inception distance of results and photos (Bińkowski et al. 2018), images resized as clean-fid does.',
    minimum,
    features: inception.of,
    start: () => new Reservoir(inceptionFeatures, capacity),
    compare(results, photos) {
      const fewest = Math.min(results.count, photos.count);
      if (fewest < minimum)
        throw new UserError('KID compares sets of images, not single ones.', {
          expected: `at least ${minimum} images`,
          got: `${fewest}`,
        });
      const [x, y] = [results, photos].map((set) => {
        const reservoir = set as Reservoir;
        return { data: reservoir.features(), count: reservoir.size };
      });
      return kernelDistance(x, y, inceptionFeatures, subsets);
    },
    dispose: release,
  };
}

/** The matrix of kernels is computed in blocks of this many rows: 8 MB for 4096 vectors. */
const rowsAtOnce = 512;

export interface Vectors {
  /** Row-major [n,d]. */
  readonly data: Float32Array;
  readonly count: number;
}

export interface Subsets {
  /** How many are drawn, and of how many vectors each. */
  readonly number: number;
  readonly size: number;
}

/**
 * The squared maximum mean discrepancy of two sets of vectors with the kernel k(x, y) = (x · y / d + 1)³ (Bińkowski et al.,
 * ICLR 2018): the mean, over random subsets, of the unbiased estimate (Gretton et al., JMLR 2012, equation 3). If neither
 * set has more vectors than a subset, it is a single estimate of all vectors. Each set must have at least two.
 */
export function kernelDistance(x: Vectors, y: Vectors, dimension: number, subsets: Subsets): number {
  const whole = Math.max(x.count, y.count) <= subsets.size;
  const size = Math.min(subsets.size, x.count, y.count);
  const number = whole ? 1 : subsets.number;
  const draws = (count: number, name: string) =>
    Array.from({ length: number }, (_, k) => (whole ? all(count) : draw(count, size, `${name}${k}`)));
  const [drawsX, drawsY] = [draws(x.count, 'x'), draws(y.count, 'y')];
  return tf.tidy(() => {
    const scale = 1 / Math.sqrt(dimension);
    const [a, b] = [x, y].map(({ data, count }) => tf.mul(tf.tensor2d(data, [count, dimension]), scale));
    const [tensorX, tensorY] = [a as Tensor2D, b as Tensor2D];
    // Subtracted from every kernel, a constant does not change the estimate; sums of smaller kernels keep more digits.
    const offset = (tf.sum(tf.mul(tf.mean(tensorX, 0), tf.mean(tensorY, 0))).dataSync()[0] + 1) ** 3;
    const ofX = within(tensorX, drawsX, offset);
    const ofY = within(tensorY, drawsY, offset);
    const sums = pairSums(tensorX, tensorY, drawsX, drawsY, offset);
    const between = sums.map((sum, k) => sum / (drawsX[k].length * drawsY[k].length));
    return between.reduce((total, value, k) => total + ofX[k] + ofY[k] - 2 * value, 0) / number;
  });
}

/** For each subset of the vectors x [n,d], the mean kernel of all pairs of two different ones. */
function within(x: Tensor2D, subsets: readonly Int32Array[], offset: number): number[] {
  const diagonal = tf.tidy(() => kernel(tf.sum(tf.square(x), 1), offset).dataSync());
  return pairSums(x, x, subsets, subsets, offset).map((sum, k) => {
    const subset = subsets[k];
    const ofSelf = subset.reduce((total, i) => total + diagonal[i], 0);
    return (sum - ofSelf) / (subset.length * (subset.length - 1));
  });
}

/** For each k, the sum of the kernels of all pairs of a row of x [n,d] in rows[k] with a row of y [m,d] in columns[k]. */
function pairSums(
  x: Tensor2D,
  y: Tensor2D,
  rows: readonly Int32Array[],
  columns: readonly Int32Array[],
  offset: number,
): number[] {
  const [n, m] = [x.shape[0], y.shape[0]];
  const chosen = new Float32Array(columns.length * m);
  for (const [k, subset] of columns.entries()) for (const j of subset) chosen[k * m + j] = 1;
  const parts: Float32Array[] = [];
  for (let start = 0; start < n; start += rowsAtOnce) {
    const part = tf.tidy(() => {
      const block = tf.slice(x, [start, 0], [Math.min(rowsAtOnce, n - start), -1]);
      const kernels = kernel(tf.matMul(y, block, false, true), offset);
      return tf.transpose(tf.matMul(tf.tensor2d(chosen, [columns.length, m]), kernels)).dataSync();
    });
    parts.push(part as Float32Array);
  }
  const number = columns.length;
  const sumOf = (i: number, k: number) => parts[Math.floor(i / rowsAtOnce)][(i % rowsAtOnce) * number + k];
  return rows.map((subset, k) => subset.reduce((sum, i) => sum + sumOf(i, k), 0));
}

/** The kernel minus `offset`, of inner products that are divided by the dimension. */
function kernel(products: Tensor, offset: number): Tensor2D {
  const base = tf.add(products, 1);
  return tf.sub(tf.mul(tf.square(base), base), offset);
}

const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** `size` of `count` indices, drawn without repetition. */
function draw(count: number, size: number, name: string): Int32Array {
  const random = stream('kid subset', name);
  const indices = all(count);
  for (let i = 0; i < size; i++) {
    const j = random.integer(i, count);
    [indices[i], indices[j]] = [indices[j], indices[i]];
  }
  return indices.slice(0, size);
}

/**
 * Feature vectors of a set: all of them up to `capacity`, then a uniform sample (Vitter's algorithm R). Which vectors are
 * kept depends on the order in which they are added, and on nothing else.
 */
export class Reservoir implements SetStatistics {
  readonly dimension: number;
  readonly capacity: number;
  #count = 0;
  #rows: Float32Array[] = [];

  constructor(dimension: number, capacity: number) {
    this.dimension = dimension;
    this.capacity = capacity;
  }

  get count(): number {
    return this.#count;
  }

  /** How many vectors are kept. */
  get size(): number {
    return this.#rows.length;
  }

  add(features: Float32Array): void {
    for (let start = 0; start < features.length; start += this.dimension) {
      // Each vector has a random stream of its own, so that no state need be saved.
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
