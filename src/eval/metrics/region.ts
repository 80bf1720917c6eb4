/** Means of per-pixel values over a whole image and over its hole. */
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricBatch, Region } from './metric.ts';

export const bothRegions = ['image', 'hole'] as const;

/** By region, one value for each sample; NaN in `hole` where a sample has no hole. */
export type RegionValues = Record<Region, Float64Array>;

/**
 * Means of a map [n,h,w,c] over pixels and channels.
 *
 * @param makeMap computes the map of a batch. It runs inside a tidy.
 * @param margin the mean over the image leaves out this many pixels at each border; the mean over the hole does not.
 */
export async function regionMeans(
  batch: MetricBatch,
  makeMap: (batch: MetricBatch) => Tensor4D,
  margin = 0,
): Promise<RegionValues> {
  const means = tf.tidy(() => {
    // Channels are averaged first: TensorFlow sums the last axis pairwise, which loses fewer of float32's digits.
    const map = tf.mean(makeMap(batch), 3, true) as Tensor4D;
    return tf.stack([imageMeans(crop(map, margin)), holeMeans(map, batch.hole)]);
  });
  const [image, hole] = await readRows(means);
  return { image, hole };
}

/** Means of x [n,h,w,1] for each sample [n]. */
export function imageMeans(x: Tensor4D): Tensor {
  return tf.mean(tf.reshape(x, [x.shape[0], -1]), 1);
}

/** Means of x [n,h,w,1] weighted by hole [n,h,w,1], for each sample [n]; NaN where all weights are 0. */
export function holeMeans(x: Tensor4D, hole: Tensor4D): Tensor {
  const n = x.shape[0];
  const sum = (values: Tensor4D) => tf.sum(tf.reshape(values, [n, -1]), 1);
  return tf.div(sum(tf.mul(x, hole)), sum(hole));
}

/** Reads the rows of a tensor [k,n] in one transfer, and disposes of the tensor. */
export async function readRows(values: Tensor): Promise<Float64Array[]> {
  const [k, n] = values.shape as [number, number];
  const data = await values.data();
  values.dispose();
  return Array.from({ length: k }, (_, row) => Float64Array.from(data.slice(row * n, (row + 1) * n)));
}

function crop(x: Tensor4D, margin: number): Tensor4D {
  if (margin === 0) return x;
  const [n, h, w, c] = x.shape;
  return tf.slice(x, [0, margin, margin, 0], [n, h - 2 * margin, w - 2 * margin, c]);
}
