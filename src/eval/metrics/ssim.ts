/** Structural similarity (SSIM) and its form over several scales (MS-SSIM). */
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions, readRows, regionMeans } from './region.ts';

/**
 * Structural similarity (Wang et al., IEEE TIP 2004) with the paper's Gaussian window, mean over channels. Over the image
 * it equals scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
 * data_range=1)`, which leaves out the outermost five pixels. In the hole it is the mean of its full map over the hole's
 * pixels: windows at the hole's rim reach over known pixels, too.
 */
export function createSsim(): SampleMetric {
  return {
    kind: 'sample',
    name: 'ssim',
    title: 'SSIM',
    unit: '',
    better: 'higher',
    definition:
      'Structural similarity to the photo (Wang et al. 2004), Gaussian window of deviation 1.5 px, mean over RGB.',
    regions: bothRegions,
    measure: (batch) => regionMeans(batch, ({ result, truth }) => ssimMaps(result, truth).ssim, windowRadius),
    dispose() {},
  };
}

/** Exponents of the five scales, from fine to coarse (Wang et al. 2003, section 3.2). */
const paperWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

/**
 * The exponents for images of a side, which is halved from scale to scale: of those scales at which the window of 11 px
 * still fits into the image. These are all five from 176 px on, and three at 64 px. Fewer than five are divided by their
 * sum, so that the values of the metric stay in the same range.
 */
export function scaleWeights(side: number): readonly number[] {
  const fitting = paperWeights.filter((_, scale) => Math.floor(side / 2 ** scale) > 2 * windowRadius);
  const sum = fitting.reduce((total, weight) => total + weight, 0);
  return fitting.length === paperWeights.length ? paperWeights : fitting.map((weight) => weight / sum);
}

/**
 * Multi-scale structural similarity (Wang, Simoncelli and Bovik, Asilomar 2003): the product, over
 * the scales, of the region's mean contrast and structure (at the coarsest scale times luminance), each raised to the
 * paper's exponent; then the mean over channels. Negative means count as 0. In the hole, each coarse pixel is weighted by
 * its share of hole pixels.
 */
export function createMsSsim(): SampleMetric {
  return {
    kind: 'sample',
    name: 'ms-ssim',
    title: 'MS-SSIM',
    unit: '',
    better: 'higher',
    definition:
      'Multi-scale structural similarity to the photo (Wang et al. 2003), mean over RGB; below 176 px with as many of its five scales as fit.',
    regions: bothRegions,
    async measure({ truth, result, hole }) {
      const values = tf.tidy(() => {
        const weights = scaleWeights(Math.min(truth.shape[1], truth.shape[2]));
        const pool = (x: Tensor4D) => tf.avgPool(x, 2, 2, 'valid');
        let [a, b, mask] = [result, truth, hole];
        // The mean over an empty hole comes out as 0 (a NaN would not pass the relu), so it is made NaN at the end.
        const hasHole = tf.greater(tf.max(mask, [1, 2, 3]), 0);
        let image: Tensor = tf.ones([truth.shape[0], truth.shape[3]]);
        let inside = image;
        for (const [scale, weight] of weights.entries()) {
          if (scale > 0) [a, b, mask] = [pool(a), pool(b), pool(mask)];
          const { ssim, contrastStructure } = ssimMaps(a, b);
          const map = scale < weights.length - 1 ? contrastStructure : ssim;
          image = tf.mul(image, power(channelMeans(inner(map)), weight));
          inside = tf.mul(inside, power(weightedChannelMeans(map, mask), weight));
        }
        const holeValues = tf.where(hasHole, tf.mean(inside, 1), Number.NaN);
        return tf.stack([tf.mean(image, 1), holeValues]);
      });
      const [image, inside] = await readRows(values);
      return { image, hole: inside };
    },
    dispose() {},
  };
}

const power = (x: Tensor, exponent: number): Tensor => tf.pow(tf.relu(x), exponent);

/** x [n,h,w,c] without the pixels whose window reaches over the border. */
function inner(x: Tensor4D): Tensor4D {
  const [n, h, w, c] = x.shape;
  return tf.slice(x, [0, windowRadius, windowRadius, 0], [n, h - 2 * windowRadius, w - 2 * windowRadius, c]);
}

/** [n,h,w,c] → [n,c]. */
function channelMeans(x: Tensor4D): Tensor {
  const [n, h, w, c] = x.shape;
  return tf.mean(tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [n, c, h * w]), 2);
}

/** [n,h,w,c], mask [n,h,w,1] → [n,c]; 0 where all of a mask is 0. */
function weightedChannelMeans(x: Tensor4D, mask: Tensor4D): Tensor {
  const weight = channelMeans(mask);
  return tf.divNoNan(channelMeans(tf.mul(x, mask)), weight);
}

/** The paper's window: a Gaussian of this deviation, cut off at 3.5 deviations: 11 x 11 pixels. */
const deviation = 1.5;
const windowRadius = 5;

/** (K1 L)² and (K2 L)² with the paper's K1 = 0.01, K2 = 0.03 and values' range L = 1. */
const c1 = 0.01 ** 2;
const c2 = 0.03 ** 2;

/**
 * Subtracted from all values before their squares are averaged. A variance is the difference of two means; it loses fewer
 * digits when these are small.
 */
const centre = 0.5;

interface SsimMaps {
  /** Luminance times contrast and structure. */
  readonly ssim: Tensor4D;
  /** Contrast and structure alone. */
  readonly contrastStructure: Tensor4D;
}

/**
 * Maps [n,h,w,c] of two batches of images [n,h,w,c] in [0, 1], for each channel (Wang, Bovik, Sheikh and Simoncelli, IEEE
 * TIP 2004). Images are mirrored at the border, which affects the map within {@link windowRadius} of it.
 */
function ssimMaps(a: Tensor4D, b: Tensor4D): SsimMaps {
  return tf.tidy(() => {
    const x = tf.sub(a, centre);
    const y = tf.sub(b, centre);
    const moments = smooth(tf.concat([x, y, tf.square(x), tf.square(y), tf.mul(x, y)]) as Tensor4D);
    const [mx, my, mxx, myy, mxy] = tf.split(moments, 5) as Tensor4D[];
    const variances = tf.add(tf.sub(mxx, tf.square(mx)), tf.sub(myy, tf.square(my)));
    const covariance = tf.sub(mxy, tf.mul(mx, my));
    const contrastStructure = tf.div(tf.add(tf.mul(covariance, 2), c2), tf.add(variances, c2)) as Tensor4D;
    const meanX = tf.add(mx, centre);
    const meanY = tf.add(my, centre);
    const luminance = tf.div(
      tf.add(tf.mul(tf.mul(meanX, meanY), 2), c1),
      tf.add(tf.add(tf.square(meanX), tf.square(meanY)), c1),
    );
    return { ssim: tf.mul(luminance, contrastStructure) as Tensor4D, contrastStructure };
  });
}

/** x [n,h,w,c] averaged in the window around every pixel. */
function smooth(x: Tensor4D): Tensor4D {
  const side = 2 * windowRadius + 1;
  const channels = x.shape[3];
  const weights = Array.from({ length: side }, (_, i) =>
    Math.exp(-((i - windowRadius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const kernel = tf.tile(tf.reshape(tf.div(tf.tensor1d(weights), sum), [side, 1, 1, 1]), [1, 1, channels, 1]);
  const pad: [number, number] = [windowRadius, windowRadius];
  const padded = tf.mirrorPad(x, [[0, 0], pad, pad, [0, 0]], 'symmetric') as Tensor4D;
  const rows = tf.depthwiseConv2d(padded, tf.reshape(kernel, [side, 1, channels, 1]) as Tensor4D, 1, 'valid');
  return tf.depthwiseConv2d(rows, tf.reshape(kernel, [1, side, channels, 1]) as Tensor4D, 1, 'valid');
}
