/** Errors of single pixels: L1 and PSNR. */
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions, regionMeans } from './region.ts';

/** Mean absolute difference of values in [0, 1], over pixels and channels (the papers on filling holes: ℓ1 loss). */
export function createL1(): SampleMetric {
  return {
    kind: 'sample',
    name: 'l1',
    title: 'L1',
    unit: '',
    better: 'lower',
    definition: 'Mean absolute difference to the photo over pixels and channels, values in [0, 1].',
    regions: bothRegions,
    measure: (batch) => regionMeans(batch, ({ result, truth }) => tf.abs(tf.sub(result, truth)) as Tensor4D),
    dispose() {},
  };
}

/** dB of a perfect image, which would have infinitely many: so means stay finite. */
const ceiling = 100;

/**
 * Peak signal-to-noise ratio, dB: -10 log10 of the mean squared difference of values in [0, 1] over pixels and channels;
 * at most 100 (scikit-image's `peak_signal_noise_ratio`, data_range=1).
 */
export function createPsnr(): SampleMetric {
  const decibels = (errors: Float64Array) =>
    errors.map((error) => Math.min(ceiling, -10 * Math.log10(error)));
  return {
    kind: 'sample',
    name: 'psnr',
    title: 'PSNR',
    unit: 'dB',
    better: 'higher',
    definition:
      'Peak signal-to-noise ratio: −10 log₁₀ of the mean squared difference to the photo, values in [0, 1]; at most 100 dB.',
    regions: bothRegions,
    async measure(batch) {
      const { image, hole } = await regionMeans(
        batch,
        ({ result, truth }) => tf.squaredDifference(result, truth) as Tensor4D,
      );
      return { image: decibels(image), hole: decibels(hole) };
    },
    dispose() {},
  };
}
