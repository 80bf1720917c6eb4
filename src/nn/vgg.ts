/** The first five convolutions of VGG16 and VGG19, which are alike, for the perceptual loss. */
import { type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';

/** conv1_1, conv1_2, conv2_1, conv2_2, conv3_1. */
export type VggTrunk = readonly [
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
];

/**
 * Features after the rectifiers relu2_1 [n,h/2,w/2,128] and, where `depth` is 2, relu3_1 [n,h/4,w/4,256] of a
 * normalised image [n,h,w,3].
 */
export function vggFeatures(trunk: VggTrunk, image: Tensor4D, depth: 1 | 2 = 2): Tensor4D[] {
  const [conv11, conv12, conv21, conv22, conv31] = trunk;
  const pool = (x: Tensor4D) => tf.maxPool(x, 2, 2, 'valid');
  const relu21 = convolveRelu(pool(convolveRelu(convolveRelu(image, conv11), conv12)), conv21);
  if (depth === 1) return [relu21];
  return [relu21, convolveRelu(pool(convolveRelu(relu21, conv22)), conv31)];
}
