/** The squared maximum mean discrepancy of two sets of vectors under KID's kernel. */
import { stream } from '../../runtime/seed.ts';
import { tf } from '../../runtime/tf.ts';

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
  const draws = Array.from({ length: whole ? 1 : subsets.number }, (_, k) => ({
    x: whole ? all(x.count) : draw(x.count, size, `x${k}`),
    y: whole ? all(y.count) : draw(y.count, size, `y${k}`),
  }));
  // One matrix of kernels at a time: 64 MB for 4096 vectors.
  const within = (vectors: Vectors, side: 'x' | 'y') => {
    const products = innerProducts(vectors, vectors, dimension);
    return draws.map((subset) => offDiagonalMean(products, vectors.count, subset[side]));
  };
  const ofX = within(x, 'x');
  const ofY = within(y, 'y');
  const products = innerProducts(x, y, dimension);
  const estimates = draws.map((subset, k) => {
    const between = sumOf(products, y.count, subset.x, subset.y) / (subset.x.length * subset.y.length);
    return ofX[k]! + ofY[k]! - 2 * between;
  });
  return estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
}

/** x · y / d of all pairs, row-major [x.count,y.count]. */
function innerProducts(x: Vectors, y: Vectors, dimension: number): Float32Array {
  return tf.tidy(() => {
    const [a, b] = [x, y].map(({ data, count }) => tf.tensor2d(data, [count, dimension]));
    return tf.div(tf.matMul(a!, b!, false, true), dimension).dataSync() as Float32Array;
  });
}

function offDiagonalMean(products: Float32Array, stride: number, indices: Int32Array): number {
  let sum = sumOf(products, stride, indices, indices);
  for (const i of indices) sum -= (products[i * stride + i]! + 1) ** 3;
  return sum / (indices.length * (indices.length - 1));
}

function sumOf(products: Float32Array, stride: number, rows: Int32Array, columns: Int32Array): number {
  let sum = 0;
  for (const row of rows) {
    const start = row * stride;
    for (let k = 0; k < columns.length; k++) {
      const value = products[start + columns[k]!]! + 1;
      sum += value * value * value;
    }
  }
  return sum;
}

const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** `size` of `count` indices, without repetition. */
function draw(count: number, size: number, name: string): Int32Array {
  const random = stream('kid subset', name);
  const indices = all(count);
  for (let i = 0; i < size; i++) {
    const j = random.integer(i, count);
    [indices[i], indices[j]] = [indices[j]!, indices[i]!];
  }
  return indices.slice(0, size);
}
