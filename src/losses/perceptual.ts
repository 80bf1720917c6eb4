/** The perceptual loss: squared differences of features of a trained network (Johnson et al. 2016). */
import { type VggTrunk, vggFeatures } from '../nn/vgg.ts';
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

/** Turns an RGB image [n,h,w,3] in [-1, 1] into the input that a trunk was trained on. */
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
 * For images and a target [n,h,w,3] in [-1, 1]: the sum over the images of the weighted mean squared differences
 * between their features and the target's. No gradient flows into the target.
 */
export type PerceptualLoss = (images: readonly Tensor4D[], target: Tensor4D) => TensorFlow.Scalar;

/** @param weights of the features after relu2_1 and relu3_1; with 0 for the latter it costs half as much. */
export function perceptualLoss(
  trunk: VggTrunk,
  normalise: Normalisation,
  weights: readonly [number, number],
): PerceptualLoss {
  const features = (image: Tensor4D) => vggFeatures(trunk, normalise(image), weights[1] === 0 ? 1 : 2);
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
