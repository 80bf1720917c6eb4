/** Losses that compare images in the eyes of a trained network. */
import { type VggConvolutions, vggFeatures } from '../nn/vgg.ts';
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor3D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { meanAbsolute } from './reconstruction.ts';

/** Turns an RGB image [n,h,w,3] in [-1, 1] into the input that a network was trained on. */
export type Normalisation = (image: Tensor4D) => Tensor4D;

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION = [0.229, 0.224, 0.225];

/** For VGG19 of torchvision: [0, 1] images, standardised with ImageNet's moments. */
export const imagenetNormalisation: Normalisation = (image) =>
  standardise(
    image,
    IMAGENET_MEAN.map((mean) => 2 * mean - 1),
    IMAGENET_DEVIATION.map((deviation) => 2 * deviation),
  );

/** As the original does (vgg.py): the moments are converted the wrong way round, to (mean + 1) / 2 and deviation / 2. */
export const originalNormalisation: Normalisation = (image) =>
  standardise(
    image,
    IMAGENET_MEAN.map((mean) => (mean + 1) / 2),
    IMAGENET_DEVIATION.map((deviation) => deviation / 2),
  );

function standardise(image: Tensor4D, mean: number[], deviation: number[]): Tensor4D {
  return tf.div(tf.sub(image, mean), deviation);
}

/**
 * The perceptual loss (Johnson et al. 2016). For images and a target [n,h,w,3] in [-1, 1]: the sum over the images of the weighted mean squared differences
 * between their features and the target's. No gradient flows into the target.
 */
export type PerceptualLoss = (images: readonly Tensor4D[], target: Tensor4D) => TensorFlow.Scalar;

/** @param weights of the features after relu2_1 and relu3_1; with 0 for the latter it costs half as much. */
export function perceptualLoss(
  vgg: VggConvolutions,
  normalise: Normalisation,
  weights: readonly [number, number],
): PerceptualLoss {
  const layers = weights[1] === 0 ? ['relu2_1'] : ['relu2_1', 'relu3_1'];
  const features = (image: Tensor4D) => vggFeatures(vgg, normalise(image), layers);
  return (images, target) => {
    const targetFeatures = withoutTape(() => features(target));
    const terms = images.flatMap((image) =>
      features(image).map((made, layer) =>
        tf.mul<TensorFlow.Scalar>(tf.mean(tf.squaredDifference(made, targetFeatures[layer])), weights[layer]),
      ),
    );
    return tf.addN(terms);
  };
}

/**
 * Perceptual and style losses on the pooled features of VGG16, as systems for inpainting use them (Liu et al. 2018,
 * eq. 3-5; mmagic perceptual_loss.py; naoto0804 loss.py).
 */
export interface FeatureLosses {
  /** Sum over the layers of the mean absolute difference of their features. */
  readonly perceptual: TensorFlow.Scalar;
  /** Sum over the layers of the mean absolute difference of their Gram matrices. */
  readonly style: TensorFlow.Scalar;
}

/** Compares each of several images [n,h,w,3] in [-1, 1] with a target of that kind, into which no gradient flows. */
export type CompareFeatures = (images: readonly Tensor4D[], target: Tensor4D) => FeatureLosses[];

/** @param normalise what the network expects of an image. */
export function featureLosses(vgg: VggConvolutions, normalise: Normalisation): CompareFeatures {
  const describe = (image: Tensor4D) => {
    const pools = vggFeatures(vgg, normalise(image), ['pool1', 'pool2', 'pool3']);
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
