import { withFloat64 } from '../../ops/float64.ts';
import type { GaussianSums } from './gaussian-sums.ts';

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
