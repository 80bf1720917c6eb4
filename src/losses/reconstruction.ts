/** Distances between images, and the total variation of one. */
import { averageOverWorkers } from '../ops/collectives.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

/** Mean absolute difference. */
export function meanAbsolute(a: Tensor, b: Tensor): TensorFlow.Scalar {
  return tf.mean(tf.abs(tf.sub(a, b)));
}

/**
 * Mean of x [n,h,w,c] over the pixels at which `region` [n,h,w,1] is 1; 0 where there is none. The pixels are those of all
 * workers: the mean of their results is the mean over the whole batch.
 */
export function regionMean(x: Tensor4D, region: Tensor): TensorFlow.Scalar {
  const [pixels] = averageOverWorkers([tf.sum(region)]);
  const count = tf.add(tf.mul(pixels, x.shape[3]), 1e-12);
  return tf.div(tf.sum(tf.mul(x, region)), count);
}

/** Which pairs of neighbours count, and what their sum is divided by. */
export type Pairs =
  /** All pairs; down and across are averaged separately and added. */
  | 'all'
  /** Those whose upper or left pixel lies in the region; averaged separately and added (mmagic MaskedTVLoss). */
  | 'first'
  /** Those of which both pixels lie in the region; divided by the number of the image's elements (Liu et al. 2018, eq. 6). */
  | 'both';

/** Total variation of an image [n,h,w,c], `region` [n or 1,h,w,1] being 1 where it counts. */
export function totalVariation(image: Tensor4D, region: Tensor4D, pairs: Pairs): TensorFlow.Scalar {
  const parts = [1, 2].map((axis) => {
    const [first, second] = neighbours(image, axis);
    const difference = tf.abs(tf.sub<Tensor4D>(first, second));
    if (pairs === 'all') return tf.mean(difference);
    const [before, after] = neighbours(region, axis);
    if (pairs === 'both') return tf.div(tf.sum(tf.mul(difference, tf.mul(before, after))), image.size);
    return regionMean(difference, before);
  });
  return tf.addN(parts) as TensorFlow.Scalar;
}

/** A hole mask [n,h,w,1] and the pixels around it, diagonal neighbours included. */
export function dilateHole(hole: Tensor4D): Tensor4D {
  return tf.maxPool(hole, 3, 1, 'same');
}

/** x without its last and without its first row (axis 1) or column (axis 2). */
function neighbours(x: Tensor4D, axis: number): [Tensor4D, Tensor4D] {
  const size = x.shape.map((length, i) => (i === axis ? length - 1 : length));
  const begin = [0, 0, 0, 0];
  begin[axis] = 1;
  return [tf.slice(x, [0, 0, 0, 0], size), tf.slice(x, begin, size)];
}
