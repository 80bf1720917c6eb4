/** Inception's features of images, made ready as the clean-fid package does in its mode `clean`. */
import { Inception, inceptionSide } from '../../nn/inception.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricContext } from './context.ts';
import type { FeatureExtractor } from './frechet-set.ts';
import { bicubic, resample } from './resample.ts';
import { borrow, oncePerTensor } from './share.ts';
import { readUserWeights } from './user-weights.ts';

class InceptionFeatures {
  /** Of images [n,s,s,3] in [0, 1]: [n,2048]. Computed once where several metrics ask for the same tensor's. */
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
 * Bytes, as files would hold them, resized to 299 px by an antialiased bicubic filter without rounding and clipped, then
 * (x - 128) / 128 (Parmar, Zhang and Zhu, CVPR 2022).
 */
export function prepare(images: Tensor4D): Tensor4D {
  const bytes = tf.round(tf.mul(images, 255)) as Tensor4D;
  const resized = tf.clipByValue(resample(bytes, inceptionSide, bicubic), 0, 255);
  return tf.div(tf.sub(resized, 128), 128) as Tensor4D;
}

/** @throws UserError when `weights/inception.safetensors` is missing or holds something else. @param metric what asks. */
export function borrowInception({ weights }: MetricContext, metric: string) {
  return borrow(
    `inception ${weights}`,
    async () => new InceptionFeatures(new Inception(readUserWeights(weights, 'inception', metric))),
  );
}
