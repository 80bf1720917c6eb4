import { expect, it } from 'vitest';
import { frechetDistance, GaussianSums } from '../../../src/eval/metrics/frechet.ts';
import { expectClose, expected, hash } from './support.ts';

const images = 10_000;
const dimension = 2048;
const batch = 50;

/** As make-fixtures.py makes them, but read in batches from one array that counts for itself. */
function stream(own: Float32Array, name: string, use: (vectors: Float32Array) => void): void {
  const scale = hash('scale', dimension);
  const common = hash(`${name} common`, images);
  const vectors = new Float32Array(batch * dimension);
  for (let start = 0; start < images; start += batch) {
    for (let row = 0, k = 0; row < batch; row++) {
      const offset = (start + row) * dimension;
      for (let i = 0; i < dimension; i++, k++)
        vectors[k] = own[offset + i] * scale[i] + common[start + row] * 0.3;
    }
    use(vectors);
  }
}

it('compares 10,000 images by 2048 features in less than 500 MB, and equals SciPy', () => {
  // Warm-up, so that what the engine and the compiler need in any case is in the baseline.
  const small = new GaussianSums(16);
  small.add(hash('warm-up', 1024 * 16));
  frechetDistance(small, small);
  const features = hash('a', images * dimension);
  const baseline = process.memoryUsage().rss;

  const [a, b] = [new GaussianSums(dimension), new GaussianSums(dimension)];
  stream(features, 'a', (vectors) => a.add(vectors));
  features.set(hash('b', images * dimension));
  stream(features, 'b', (vectors) => b.add(vectors));
  const distance = frechetDistance(a, b);

  expectClose([distance], [expected.madeUp.frechet10000x2048], 1e-4);
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(`at most ${Math.round((peak - baseline) / 1e6)} MB above the baseline`);
  expect(peak - baseline).toBeLessThan(500e6);
});
