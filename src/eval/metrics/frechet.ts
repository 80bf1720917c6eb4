/** Fréchet distances of sets of images: FID, and one from the features of HED, whose weights install by themselves. */
import { loadHed } from '../../nn/hed.ts';
import { inceptionFeatures } from '../../nn/inception.ts';
import { withFloat64 } from '../../ops/float64.ts';
import { type Tensor2D, tf } from '../../ops/tf.ts';
import { UserError } from '../../runtime/errors.ts';
import { borrowInception } from './inception-features.ts';
import type { MetricContext, SetMetric, SetStatistics } from './metric.ts';
import { borrow, oncePerTensor } from './share.ts';

/** A covariance needs two images. */
const frechetMinimum = 2;

/**
 * Fréchet Inception distance (Heusel et al., NeurIPS 2017) of whole images: the Fréchet distance of the 2048 pooled
 * features of the Inception of 2015-12-05, images resized as clean-fid does (Parmar et al., CVPR 2022). Falls with the
 * number of images: compare equal numbers; of fewer than 2048 images it says little.
 *
 * @throws UserError when Inception's weights are missing.
 */
export async function createFid(context: MetricContext): Promise<SetMetric> {
  const { value: inception, release } = await borrowInception(context, 'fid');
  return {
    kind: 'set',
    name: 'fid',
    title: 'FID',
    unit: '',
    better: 'lower',
    definition:
      'Fréchet Inception distance of results and photos (Heusel et al. 2017), images resized as clean-fid does.',
    minimum: frechetMinimum,
    features: inception.of,
    start: () => new FrechetSet(inceptionFeatures),
    compare: (results, photos) => compareFrechet('FID', results, photos),
    dispose: release,
  };
}

/** Channels of the last block of HED's VGG16. */
const hedFeatures = 512;

/**
 * A Fréchet distance that needs no weights beside those that install: its features are those of HED's VGG16 after the
 * last block, averaged over each image. Of the five blocks' features, these are the best at telling photos from images
 * whose holes are filled with blur, with content upside down, or with parts of another face, when there are at least fifty images (a
 * set's distance was compared with that of two halves of the photos). Its numbers do not compare with FID.
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createHedFrechet(): Promise<SetMetric> {
  const { value: hed, release } = await borrow('hed', () => loadHed());
  const features = oncePerTensor(async (images) => {
    const pooled = tf.tidy(() => {
      const [lastBlock] = hed.features(tf.mul(images, 255)).slice(-1);
      // One axis after the other: a sum over leading axes loses the more digits the longer it is.
      return tf.mean(tf.mean(lastBlock, 1), 1);
    }) as Tensor2D;
    const values = (await pooled.data()) as Float32Array;
    pooled.dispose();
    return values;
  });
  return {
    kind: 'set',
    name: 'hed-frechet',
    title: 'HED Fréchet',
    unit: '',
    better: 'lower',
    definition:
      'Fréchet distance of results and photos by 512 pooled features of HED’s VGG16; built like FID, not comparable with it.',
    minimum: frechetMinimum,
    features,
    start: () => new FrechetSet(hedFeatures),
    compare: (results, photos) => compareFrechet('HED Fréchet', results, photos),
    dispose: release,
  };
}

/** What a Fréchet distance needs to know of a set: mean and covariance of the features; 17 MB for 2048 features. */
export class FrechetSet implements SetStatistics {
  readonly sums: GaussianSums;

  constructor(dimension: number) {
    this.sums = new GaussianSums(dimension);
  }

  add(features: Float32Array): void {
    this.sums.add(features);
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

/**
 * The squared Fréchet distance of two Gaussians (Dowson and Landau 1982; Heusel et al., NeurIPS 2017):
 * |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½), of means and covariances. The square root's trace is taken without the square
 * root: C1 C2 has the eigenvalues of the symmetric R C2 Rᵀ where C1 = Rᵀ R, and they are no less than 0. So covariances
 * of fewer vectors than dimensions, which have no inverse, need no special care.
 */
export function frechetDistance(a: GaussianSums, b: GaussianSums): number {
  const d = a.dimension;
  const [meanA, meanB] = [a.mean(), b.mean()];
  const [covarianceA, covarianceB] = [a.covariance(), b.covariance()];
  const meanTerm = meanA.reduce((sum, value, i) => sum + (value - meanB[i]) ** 2, 0);
  const traces = trace(covarianceA, d) + trace(covarianceB, d);
  return meanTerm + traces - 2 * traceOfRoot(covarianceA, covarianceB, d);
}

/** tr((A B)^½) of covariances, row-major [d,d]. */
function traceOfRoot(a: Float64Array, b: Float64Array, d: number): number {
  return withFloat64((float64) => {
    const first = float64.matrix(a, [d, d]);
    const { values, vectors } = float64.eigen(first);
    // Rounding makes negative numbers of zeros.
    const deviations = float64.read(values).map((value) => Math.sqrt(Math.max(0, value)));
    const root = float64.times(vectors, float64.matrix(deviations, [1, d]));
    float64.free(first, vectors);
    const second = float64.matrix(b, [d, d]);
    const half = float64.product(second, root);
    const product = float64.product(root, half, { transposeA: true });
    float64.free(second, root, half);
    const squares = float64.read(float64.eigenvalues(product));
    return squares.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  });
}

function trace(matrix: Float64Array, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += matrix[i * d + i];
  return sum;
}

/** Vectors are collected into blocks of this many before their products are taken: one large matrix product is fast. */
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

/**
 * Mean and covariance of feature vectors, streamed in doubles. Needs memory for d (d + 1) / 2 doubles and 512 vectors, however many are added.
 */
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
   * The sums themselves, not a copy. Vectors that still wait for a full block are saved as they are: so a run that is
   * interrupted and goes on rounds exactly as one that is not.
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
