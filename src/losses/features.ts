/**
 * Perceptual and style losses on the pooled features of VGG16, as systems for inpainting use them (Liu et al. 2018,
 * eq. 3-5; mmagic perceptual_loss.py; naoto0804 loss.py).
 */
import { type PoolTrunk, vggPools } from '../nn/vgg-pools.ts';
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor3D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import type { Normalisation } from './perceptual.ts';
import { meanAbsolute } from './reconstruction.ts';

/** How far an image is from another in the eyes of a trained network. */
export interface FeatureLosses {
  /** Sum over the layers of the mean absolute difference of their features. */
  readonly perceptual: TensorFlow.Scalar;
  /** Sum over the layers of the mean absolute difference of their Gram matrices. */
  readonly style: TensorFlow.Scalar;
}

/** Compares each of several images [n,h,w,3] in [-1, 1] with a target of that kind, into which no gradient flows. */
export type CompareFeatures = (images: readonly Tensor4D[], target: Tensor4D) => FeatureLosses[];

/** @param normalise what the trunk's network expects of an image. */
export function featureLosses(trunk: PoolTrunk, normalise: Normalisation): CompareFeatures {
  const describe = (image: Tensor4D) => {
    const pools = vggPools(trunk, normalise(image));
    return { pools, grams: pools.map(gramMatrix) };
  };
  const sum = (terms: TensorFlow.Scalar[]) => tf.addN(terms) as TensorFlow.Scalar;
  return (images, target) => {
    const wanted = withoutTape(() => describe(target));
    return images.map((image) => {
      const made = describe(image);
      return {
        perceptual: sum(made.pools.map((pool, layer) => meanAbsolute(pool, wanted.pools[layer]))),
        style: sum(made.grams.map((gram, layer) => meanAbsolute(gram, wanted.grams[layer]))),
      };
    });
  };
}

/** Which channels of features [n,h,w,c] go together: their products, averaged over pixels and channels, [n,c,c]. */
export function gramMatrix(features: Tensor4D): Tensor3D {
  const [n, h, w, c] = features.shape;
  const pixels = tf.reshape(features, [n, h * w, c]) as Tensor3D;
  return tf.div(tf.matMul(pixels, pixels, true), c * h * w);
}
