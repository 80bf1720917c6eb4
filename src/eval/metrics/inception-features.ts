/** Features of Inception, for FID and KID. Images are resized as the clean-fid package does in its mode `clean`. */
import { Inception, inceptionSide } from '../../nn/inception.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricContext } from './metric.ts';
import { bicubic, resample } from './resample.ts';
import { borrow, oncePerTensor } from './share.ts';
import { readUserWeights } from './user-weights.ts';

/** Computes features of images [n,s,s,3] in [0, 1]: row-major [n,d]. */
export type FeatureExtractor = (images: Tensor4D) => Promise<Float32Array>;

class InceptionFeatures {
  /** The 2048 pooled features. They are computed once when several metrics ask for those of the same tensor. */
  readonly of: FeatureExtractor;
  readonly #network: Inception;

  constructor(network: Inception) {
    this.#network = network;
    this.of = oncePerTensor(async (images) => {
      const features = tf.tidy(() => this.#network.features(prepare(images)));
      const values = (await features.data()) as Float32Array;
      features.dispose();
      return values;
    });
  }

  dispose(): void {
    this.#network.dispose();
  }
}

/**
 * Inception's input: images are rounded to bytes, as in a file, resized to 299 px by an antialiased bicubic filter without
 * rounding, clipped, and scaled by (x - 128) / 128 (Parmar, Zhang and Zhu, CVPR 2022).
 */
export function prepare(images: Tensor4D): Tensor4D {
  const bytes = tf.round(tf.mul(images, 255)) as Tensor4D;
  const resized = tf.clipByValue(resample(bytes, inceptionSide, bicubic), 0, 255);
  return tf.div(tf.sub(resized, 128), 128) as Tensor4D;
}

/**
 * Inception, shared by the metrics that need it.
 *
 * @param metric the name of the metric that asks, for the message.
 * @throws UserError when `weights/inception.safetensors` is missing or holds something else.
 */
export function borrowInception({ weights }: MetricContext, metric: string) {
  return borrow(
    `inception ${weights}`,
    async () => new InceptionFeatures(new Inception(readUserWeights(weights, 'inception', metric))),
  );
}
