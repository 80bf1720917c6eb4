/** The squared maximum mean discrepancy of two sets of vectors under KID's kernel. */

import { type Tensor, type Tensor2D, tf } from '../../ops/tf.ts';
import { stream } from '../../runtime/seed.ts';

/** Rows of a matrix of kernels that are in memory at once: 8 MB for 4096 vectors. */
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
 * The mean over random subsets of the unbiased estimate (Gretton et al., JMLR 2012, equation 3) with the kernel
 * k(x, y) = (x · y / d + 1)³ (Bińkowski et al., ICLR 2018). Where neither set has more vectors than a subset, it is one
 * estimate of all of them. Of fewer than two vectors there is none.
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
    // The same for all pairs, so the estimate stays; the kernels that are left are small, and their sums keep more digits.
    const offset = (tf.sum(tf.mul(tf.mean(tensorX, 0), tf.mean(tensorY, 0))).dataSync()[0] + 1) ** 3;
    const ofX = within(tensorX, drawsX, offset);
    const ofY = within(tensorY, drawsY, offset);
    const sums = pairSums(tensorX, tensorY, drawsX, drawsY, offset);
    const between = sums.map((sum, k) => sum / (drawsX[k].length * drawsY[k].length));
    return between.reduce((total, value, k) => total + ofX[k] + ofY[k] - 2 * value, 0) / number;
  });
}

/** For each subset the mean kernel of its pairs of two different vectors of x [n,d]. */
function within(x: Tensor2D, subsets: readonly Int32Array[], offset: number): number[] {
  const diagonal = tf.tidy(() => kernel(tf.sum(tf.square(x), 1), offset).dataSync());
  return pairSums(x, x, subsets, subsets, offset).map((sum, k) => {
    const subset = subsets[k];
    const ofSelf = subset.reduce((total, i) => total + diagonal[i], 0);
    return (sum - ofSelf) / (subset.length * (subset.length - 1));
  });
}

/** For each k the sum of the kernels of all pairs of a row of x [n,d] in rows[k] and one of y [m,d] in columns[k]. */
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

/** Of inner products divided by the dimension, less `offset`. */
function kernel(products: Tensor, offset: number): Tensor2D {
  const base = tf.add(products, 1);
  return tf.sub(tf.mul(tf.square(base), base), offset);
}

const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** `size` of `count` indices, without repetition. */
function draw(count: number, size: number, name: string): Int32Array {
  const random = stream('kid subset', name);
  const indices = all(count);
  for (let i = 0; i < size; i++) {
    const j = random.integer(i, count);
    [indices[i], indices[j]] = [indices[j], indices[i]];
  }
  return indices.slice(0, size);
}
