/**
 * The Inception of 2015-12-05 that FID is defined on, with the weights as pytorch-fid stores them: Inception v3
 * (Szegedy et al., CVPR 2016) but for average pooling that does not count the padding, and maximum pooling in the last
 * block. Shapes of weights stand where they are used and are checked by a first run on a tiny image.
 */

import type { Window } from '../ops/convolution/window.ts';
import { type Tensor2D, type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';
import type { TorchWeights } from './torch-weights.ts';

/** Side of the images that it was trained on, px. */
export const inceptionSide = 299;
export const inceptionFeatures = 2048;

/** The smallest image that leaves something to pool. */
const smallestSide = 75;

/** Convolution, normalisation and rectifier `name` to so many channels; the kernel's height and width. */
type Apply = (
  x: Tensor4D,
  name: string,
  channels: number,
  kernel?: readonly [number, number],
  stride?: number,
  padding?: Window['padding'],
) => Tensor4D;

export class Inception {
  readonly #convolutions = new Map<string, ConvolutionWeights>();

  /** @throws UserError when a weight is missing or of another shape. */
  constructor(weights: TorchWeights) {
    const load: Apply = (
      x,
      name,
      channels,
      kernel = [1, 1],
      stride = 1,
      padding: Window['padding'] = 'same',
    ) => {
      const convolution = weights.normalizedConvolution(name, [channels, x.shape[3], ...kernel]);
      this.#convolutions.set(name, convolution);
      return convolveRelu(x, convolution, { stride, padding });
    };
    tf.tidy(() => {
      forward(tf.zeros([1, smallestSide, smallestSide, 3]), load);
    });
  }

  /** Features of the last pooling layer [n,2048] of images [n,299,299,3] in [-1, 1]. */
  features(images: Tensor4D): Tensor2D {
    return tf.tidy(() =>
      forward(images, (x, name, _, __, stride = 1, padding: Window['padding'] = 'same') => {
        const convolution = this.#convolutions.get(name);
        if (!convolution) throw new Error(`Inception has no convolution ${name}`);
        return convolveRelu(x, convolution, { stride, padding });
      }),
    );
  }

  dispose(): void {
    for (const { kernel, bias } of this.#convolutions.values()) tf.dispose([kernel, bias]);
  }
}

function forward(images: Tensor4D, apply: Apply): Tensor2D {
  let x = apply(images, 'Conv2d_1a_3x3', 32, [3, 3], 2, 0);
  x = apply(x, 'Conv2d_2a_3x3', 32, [3, 3], 1, 0);
  x = shrink(apply(x, 'Conv2d_2b_3x3', 64, [3, 3]));
  x = apply(x, 'Conv2d_3b_1x1', 80);
  x = shrink(apply(x, 'Conv2d_4a_3x3', 192, [3, 3], 1, 0));
  x = blockA(within(apply, 'Mixed_5b'), x, 32);
  x = blockA(within(apply, 'Mixed_5c'), x, 64);
  x = blockA(within(apply, 'Mixed_5d'), x, 64);
  x = blockB(within(apply, 'Mixed_6a'), x);
  x = blockC(within(apply, 'Mixed_6b'), x, 128);
  x = blockC(within(apply, 'Mixed_6c'), x, 160);
  x = blockC(within(apply, 'Mixed_6d'), x, 160);
  x = blockC(within(apply, 'Mixed_6e'), x, 192);
  x = blockD(within(apply, 'Mixed_7a'), x);
  x = blockE(within(apply, 'Mixed_7b'), x, averageAround);
  x = blockE(within(apply, 'Mixed_7c'), x, (y) => tf.maxPool(y, 3, 1, 'same'));
  return tf.mean(x, [1, 2]);
}

const within =
  (apply: Apply, block: string): Apply =>
  (x, name, ...rest) =>
    apply(x, `${block}.${name}`, ...rest);

const shrink = (x: Tensor4D): Tensor4D => tf.maxPool(x, 3, 2, 'valid');

/** 'same' pooling divides by the pixels that are there, without the padding. */
const averageAround = (x: Tensor4D): Tensor4D => tf.avgPool(x, 3, 1, 'same');

const join = (...branches: Tensor4D[]): Tensor4D => tf.concat(branches, 3);

function blockA(apply: Apply, x: Tensor4D, poolChannels: number): Tensor4D {
  const five = apply(apply(x, 'branch5x5_1', 48), 'branch5x5_2', 64, [5, 5]);
  let double = apply(x, 'branch3x3dbl_1', 64);
  double = apply(double, 'branch3x3dbl_2', 96, [3, 3]);
  double = apply(double, 'branch3x3dbl_3', 96, [3, 3]);
  const pool = apply(averageAround(x), 'branch_pool', poolChannels);
  return join(apply(x, 'branch1x1', 64), five, double, pool);
}

function blockB(apply: Apply, x: Tensor4D): Tensor4D {
  const three = apply(x, 'branch3x3', 384, [3, 3], 2, 0);
  let double = apply(x, 'branch3x3dbl_1', 64);
  double = apply(double, 'branch3x3dbl_2', 96, [3, 3]);
  double = apply(double, 'branch3x3dbl_3', 96, [3, 3], 2, 0);
  return join(three, double, shrink(x));
}

function blockC(apply: Apply, x: Tensor4D, inner: number): Tensor4D {
  let seven = apply(x, 'branch7x7_1', inner);
  seven = apply(seven, 'branch7x7_2', inner, [1, 7]);
  seven = apply(seven, 'branch7x7_3', 192, [7, 1]);
  let double = apply(x, 'branch7x7dbl_1', inner);
  double = apply(double, 'branch7x7dbl_2', inner, [7, 1]);
  double = apply(double, 'branch7x7dbl_3', inner, [1, 7]);
  double = apply(double, 'branch7x7dbl_4', inner, [7, 1]);
  double = apply(double, 'branch7x7dbl_5', 192, [1, 7]);
  return join(apply(x, 'branch1x1', 192), seven, double, apply(averageAround(x), 'branch_pool', 192));
}

function blockD(apply: Apply, x: Tensor4D): Tensor4D {
  const three = apply(apply(x, 'branch3x3_1', 192), 'branch3x3_2', 320, [3, 3], 2, 0);
  let seven = apply(x, 'branch7x7x3_1', 192);
  seven = apply(seven, 'branch7x7x3_2', 192, [1, 7]);
  seven = apply(seven, 'branch7x7x3_3', 192, [7, 1]);
  seven = apply(seven, 'branch7x7x3_4', 192, [3, 3], 2, 0);
  return join(three, seven, shrink(x));
}

function blockE(apply: Apply, x: Tensor4D, pool: (x: Tensor4D) => Tensor4D): Tensor4D {
  const three = apply(x, 'branch3x3_1', 384);
  const double = apply(apply(x, 'branch3x3dbl_1', 448), 'branch3x3dbl_2', 384, [3, 3]);
  return join(
    apply(x, 'branch1x1', 320),
    apply(three, 'branch3x3_2a', 384, [1, 3]),
    apply(three, 'branch3x3_2b', 384, [3, 1]),
    apply(double, 'branch3x3dbl_3a', 384, [1, 3]),
    apply(double, 'branch3x3dbl_3b', 384, [3, 1]),
    apply(pool(x), 'branch_pool', 192),
  );
}
