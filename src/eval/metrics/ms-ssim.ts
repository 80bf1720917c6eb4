import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions, readRows } from './region.ts';
import { ssimMaps, windowRadius } from './ssim-map.ts';

/** Of the five scales, from fine to coarse (the paper's section 3.2). */
const paperWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

/**
 * The exponents of the scales at which the window of 11 px fits into an image of that side, halved from scale to scale:
 * all five from 176 px on, three at 64 px. Fewer than five are divided by their sum, so that values keep their range.
 */
export function scaleWeights(side: number): readonly number[] {
  const fitting = paperWeights.filter((_, scale) => Math.floor(side / 2 ** scale) > 2 * windowRadius);
  const sum = fitting.reduce((total, weight) => total + weight, 0);
  return fitting.length === paperWeights.length ? paperWeights : fitting.map((weight) => weight / sum);
}

/**
 * Multi-scale structural similarity (Wang, Simoncelli and Bovik, Asilomar 2003): contrast and structure at every scale
 * and luminance at the coarsest, each averaged over the region, to the paper's exponents, multiplied; mean over channels.
 * Negative averages count as 0. In the hole, averages weight each coarse pixel by its share of hole pixels.
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
        // Exact zeros stand in for holes that are not there, where 0 / 0 would be lost in the rectifier.
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
      return { image: image, hole: inside };
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
