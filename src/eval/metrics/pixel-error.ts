/** Errors of single pixels: L1, PSNR and lightness. */
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

/**
 * How much lighter the result is than the photo: the mean difference of lightness, CIELAB L* in [0, 100] (CIE 15:2018, from
 * sRGB with white D65). Positive is lighter. By source of the photos it shows whether some faces are made lighter than they are.
 */
export function createLightness(): SampleMetric {
  return {
    kind: 'sample',
    name: 'lightness',
    title: 'Lightness shift',
    unit: 'L*',
    better: 'zero',
    definition:
      'Mean difference of lightness (CIELAB L*, 0 to 100) of result and photo; positive where the result is lighter.',
    regions: bothRegions,
    measure: (batch) =>
      regionMeans(batch, ({ result, truth }) => tf.sub(lightnessOf(result), lightnessOf(truth))),
    dispose() {},
  };
}

/** CIELAB L* [n,h,w,1] of sRGB [n,h,w,3] in [0, 1]. */
function lightnessOf(rgb: Tensor4D): Tensor4D {
  const linear = tf.where(
    tf.greater(rgb, 0.04045),
    tf.pow(tf.div(tf.add(rgb, 0.055), 1.055), 2.4),
    tf.div(rgb, 12.92),
  );
  const luminance = tf.sum(tf.mul(linear, [0.2126729, 0.7151522, 0.072175]), 3, true);
  const [threshold, slope] = [(6 / 29) ** 3, (29 / 3) ** 3];
  // The cube root has an infinite slope at 0, and below the threshold it is not taken.
  const root = tf.pow(tf.maximum(luminance, threshold), 1 / 3);
  return tf.where(
    tf.greater(luminance, threshold),
    tf.sub(tf.mul(root, 116), 16),
    tf.mul(luminance, slope),
  ) as Tensor4D;
}
