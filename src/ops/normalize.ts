/** Normalisation of features by their own mean and variance, over each image or over the batch. */
import { averageOverWorkers, workerCount } from './collectives.ts';
import { withGradient, withoutTape } from './gradients.ts';
import { gatherPixels, range, single } from './pixels.ts';
import { attribute, runOps } from './raw.ts';
import { type Tensor, type Tensor3D, type Tensor4D, tf } from './tf.ts';
import { tuned } from './tuning.ts';

/** What moments are taken over: the pixels of each image, or those of the whole batch. */
export type Axes = readonly [1, 2] | readonly [0, 1, 2];

/** Mean and biased variance [n|1,1,1,c]; constants for any gradient that is being recorded. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and (biased) variance of x [n,h,w,c] itself over
 * `axes`, through which the gradient flows: [1, 2] for instance normalisation, [0, 1, 2] for batch normalisation, whose
 * batch is that of all workers.
 *
 * @param gamma, beta broadcast against [n,h,w,c] with size 1 in the axes 1 and 2: [n,1,1,c] or [1,1,1,c].
 * @param observe is given the moments, as running averages need them.
 */
export function normalize(
  x: Tensor4D,
  axes: Axes,
  gamma: Tensor4D,
  beta: Tensor4D,
  epsilon: number,
  observe?: (moments: Moments) => void,
): Tensor4D {
  return (tuned() ? normalizeFused : normalizePlain)(x, axes, gamma, beta, epsilon, observe);
}

type Normalize = typeof normalize;

/**
 * By TensorFlow's kernels for batch normalisation, which take one pass where the plain form takes many. They know one
 * scale a channel, so images that are normalised each by itself become channels first. They would compute moments
 * themselves; ours are more precise.
 */
const normalizeFused: Normalize = (x, axes, gamma, beta, epsilon, observe) => {
  const [n, , , c] = x.shape;
  const perImage = axes.length === 2;
  const groups = perImage ? n : 1;
  const arranged = (t: Tensor4D) => (perImage ? imagesAsChannels(t) : t);
  const arrangedBack = (t: Tensor4D) => (perImage ? channelsAsImages(t, n) : t);
  const perChannel = (t: Tensor4D) =>
    tf.reshape(t.shape[0] === groups ? t : tf.tile(t, [groups, 1, 1, 1]), [groups * c]);
  const gradientTo = (t: Tensor, like: Tensor4D) => {
    const split = tf.reshape(t, [groups, 1, 1, c]);
    return like.shape[0] === groups ? split : tf.sum(split, 0, true);
  };
  return withGradient(
    [x, gamma, beta],
    (save) => {
      const features = arranged(x);
      const [mean] = ofBatch([channelMeans(features)], axes);
      const [variance] = ofBatch([channelMeans(tf.squaredDifference(features, mean))], axes);
      const shape = [groups, 1, 1, c];
      observe?.({ mean: tf.reshape(mean, shape), variance: tf.reshape(variance, shape) });
      const scale = perChannel(gamma);
      save([features, scale, mean, variance]);
      const inputs = [features, scale, perChannel(beta), mean, variance];
      const [y] = runOps('FusedBatchNormV3', fusedAttributes(epsilon, false), inputs, 6);
      return arrangedBack(y as Tensor4D);
    },
    (dy, saved) => {
      const [features, scale, mean, variance] = saved;
      const inputs = [arranged(dy as Tensor4D), ...saved, tf.zeros([0])];
      // With several workers the kernel takes the moments for constants, for it knows only one's part of the batch.
      const isAll = perImage || workerCount() === 1;
      const [dx, dScale, dOffset] = runOps(
        'FusedBatchNormGradV3',
        fusedAttributes(epsilon, isAll),
        inputs,
        5,
      );
      const gradientOfMoments = () => {
        const count = features.size / mean.size;
        const [sums, weightedSums] = ofBatch([dOffset, dScale], axes).map((sum) => tf.div(sum, count));
        const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon));
        const slope = tf.mul(tf.mul(scale, tf.square(inverseDeviation)), weightedSums);
        return tf.add(tf.mul(tf.sub(features, mean), slope), tf.mul(tf.mul(scale, inverseDeviation), sums));
      };
      return [
        () => arrangedBack((isAll ? dx : tf.sub(dx, gradientOfMoments())) as Tensor4D),
        () => gradientTo(dScale, gamma),
        () => gradientTo(dOffset, beta),
      ];
    },
  ) as Tensor4D;
};

const fusedAttributes = (epsilon: number, ofTheseFeatures: boolean) => [
  attribute.type('T', 'float32'),
  attribute.type('U', 'float32'),
  attribute.float('epsilon', epsilon),
  attribute.string('data_format', 'NHWC'),
  attribute.bool('is_training', ofTheseFeatures),
];

/** Means of the channels of x [n,h,w,c]: [c]. Axis by axis, for in one long sum float32 would lose digits. */
function channelMeans(x: Tensor4D): Tensor {
  return tf.mean(tf.mean(tf.mean(x, 2), 1), 0);
}

/** [n,h,w,c] → [1,h,w,nc]: the channels of all images side by side. */
function imagesAsChannels(x: Tensor4D): Tensor4D {
  const [n, h, w, c] = x.shape;
  if (n === 1) return x;
  const pixels = tf.reshape(x, [1, n * h * w, c]) as Tensor3D;
  const images = range(n).map((image) => image * h * w);
  return tf.reshape(gatherPixels(pixels, single(range(h * w)), single(images)), [1, h, w, n * c]);
}

/** The inverse of {@link imagesAsChannels} for n images. */
function channelsAsImages(x: Tensor4D, n: number): Tensor4D {
  if (n === 1) return x;
  const [, h, w, channels] = x.shape;
  const pixels = tf.reshape(x, [1, h * w * n, channels / n]) as Tensor3D;
  const places = range(h * w).map((place) => place * n);
  return tf.reshape(gatherPixels(pixels, single(range(n)), single(places)), [n, h, w, channels / n]);
}

/** By operations that do not depend on the sizes, as exports need. */
const normalizePlain: Normalize = (x, axes, gamma, beta, epsilon, observe) => {
  const { mean, variance } = momentsOf(x, axes);
  observe?.({ mean, variance });
  return withGradient(
    [x, gamma, beta],
    (save) => {
      const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon));
      const centred = tf.sub(x, mean);
      save([centred, inverseDeviation, gamma]);
      return tf.add(tf.mul(centred, tf.mul(inverseDeviation, gamma)), beta);
    },
    (dy, [centred, inverseDeviation, g]) => {
      const sums = channelSums(dy as Tensor4D, axes);
      const weightedSums = channelSums(tf.mul(dy, centred) as Tensor4D, axes);
      const reduceTo = (t: Tensor, shape: readonly number[]) =>
        shape[0] === t.shape[0] ? t.clone() : tf.sum(t, [0], true);
      const gradientOfX = () => {
        // dx = g/s * (dy - mean(dy) - xhat * mean(dy * xhat)); gamma does not vary along the axes.
        const count = axes.reduce<number>((product, axis) => product * x.shape[axis], 1);
        const [all, allWeighted] = ofBatch([sums, weightedSums], axes);
        const meanDyX = tf.mul(tf.div(allWeighted, count), tf.square(inverseDeviation));
        const centredDy = tf.sub(dy, tf.div(all, count));
        return tf.mul(tf.sub(centredDy, tf.mul(centred, meanDyX)), tf.mul(inverseDeviation, g));
      };
      return [
        gradientOfX,
        () => reduceTo(tf.mul(weightedSums, inverseDeviation), gamma.shape),
        () => reduceTo(sums, beta.shape),
      ];
    },
  ) as Tensor4D;
};

/** Mean and biased variance of x over `axes`. */
export function momentsOf(x: Tensor4D, axes: Axes): Moments {
  return withoutTape(() => {
    const count = axes.reduce<number>((product, axis) => product * x.shape[axis], 1);
    const [mean] = ofBatch([tf.div(channelSums(x, axes), count)], axes);
    const [variance] = ofBatch([tf.div(channelSums(tf.squaredDifference(x, mean), axes), count)], axes);
    return { mean, variance };
  });
}

/** What is taken over a batch is taken over its parts on all workers, which are of one size. */
const ofBatch = (means: Tensor[], axes: Axes): Tensor[] =>
  axes.length === 3 ? averageOverWorkers(means) : means;

/**
 * Sums of x [n,h,w,c] over [1, 2] → [n,1,1,c] or [0, 1, 2] → [1,1,1,c]. A product with ones, for TensorFlow's own
 * reduction adds number after number, and its rounding error is a hundred times as large.
 */
function channelSums(x: Tensor4D, axes: Axes): Tensor {
  const [n, h, w, c] = x.shape;
  const [groups, pixels] = axes.length === 2 ? [n, h * w] : [1, n * h * w];
  const sums = tf.matMul(tf.ones([1, 1, pixels]), tf.reshape(x, [groups, pixels, c]));
  return tf.reshape(sums, [groups, 1, 1, c]);
}
