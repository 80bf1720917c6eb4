/** The first five convolutions of VGG16 and VGG19, which are alike, for the perceptual loss. */
import { addBias, rectify } from '../runtime/ops.ts';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../runtime/tf.ts';
import { convolve } from '../runtime/zero-pad-convolution.ts';

/** A convolution's kernel [3,3,in,out] and bias [out]. */
export interface Convolution {
  readonly kernel: Tensor4D;
  readonly bias: Tensor1D;
}

/** A convolution with zero padding and a rectifier. */
export const applyConvolution = (x: Tensor, { kernel, bias }: Convolution): Tensor4D =>
  rectify(addBias(convolve(x as Tensor4D, kernel, { padding: 'same' }), bias), 0) as Tensor4D;

/** conv1_1, conv1_2, conv2_1, conv2_2, conv3_1. */
export type VggTrunk = readonly [Convolution, Convolution, Convolution, Convolution, Convolution];

/**
 * Features after the rectifiers relu2_1 [n,h/2,w/2,128] and, where `depth` is 2, relu3_1 [n,h/4,w/4,256] of a
 * normalised image [n,h,w,3].
 */
export function vggFeatures(trunk: VggTrunk, image: Tensor4D, depth: 1 | 2 = 2): Tensor4D[] {
  const [conv11, conv12, conv21, conv22, conv31] = trunk;
  const pool = (x: Tensor4D) => tf.maxPool(x, 2, 2, 'valid');
  const relu21 = applyConvolution(pool(applyConvolution(applyConvolution(image, conv11), conv12)), conv21);
  if (depth === 1) return [relu21];
  return [relu21, applyConvolution(pool(applyConvolution(relu21, conv22)), conv31)];
}
