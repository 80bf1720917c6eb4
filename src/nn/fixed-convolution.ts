/** Convolutions of networks that are used as they come: trunks of losses, metrics and edge detection. */

import { relu } from '../ops/activations.ts';
import { addBias } from '../ops/convolution/bias.ts';
import type { Window } from '../ops/convolution/window.ts';
import { convolve } from '../ops/convolution/zero-padding.ts';
import type { Tensor1D, Tensor4D } from '../ops/tf.ts';

/** A convolution's kernel [k,l,in,out] and bias [out]. */
export interface ConvolutionWeights {
  readonly kernel: Tensor4D;
  readonly bias: Tensor1D;
}

const SAME: Window = { padding: 'same' };

/** x [n,h,w,in] → [n,h',w',out], bias added. */
export function convolveLinear(
  x: Tensor4D,
  { kernel, bias }: ConvolutionWeights,
  window: Window = SAME,
): Tensor4D {
  return addBias(convolve(x, kernel, window), bias);
}

/** {@link convolveLinear} and a rectifier. */
export function convolveRelu(x: Tensor4D, weights: ConvolutionWeights, window: Window = SAME): Tensor4D {
  const linear = convolveLinear(x, weights, window);
  const y = relu(linear) as Tensor4D;
  // The gradient knows by the result where the rectifier was open.
  linear.dispose();
  return y;
}
