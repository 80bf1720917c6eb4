/** VGG16 up to its third pooling, for perceptual and style losses of inpainting. */
import { type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';

/** conv1_1, conv1_2, conv2_1, conv2_2, conv3_1, conv3_2, conv3_3. */
export type PoolTrunk = readonly [
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
  ConvolutionWeights,
];

/** Features after pool1 [n,h/2,w/2,64], pool2 [n,h/4,w/4,128] and pool3 [n,h/8,w/8,256] of a normalised image [n,h,w,3]. */
export function vggPools(trunk: PoolTrunk, image: Tensor4D): [Tensor4D, Tensor4D, Tensor4D] {
  const block = (x: Tensor4D, from: number, to: number): Tensor4D => {
    const features = trunk.slice(from, to).reduce((h, weights) => convolveRelu(h, weights), x);
    return tf.maxPool(features, 2, 2, 'valid');
  };
  const first = block(image, 0, 2);
  const second = block(first, 2, 4);
  return [first, second, block(second, 4, 7)];
}
