/** VGG16's convolutions as torchvision has them (Simonyan and Zisserman, 2015), for perceptual distances. */
import { type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';
import type { TorchWeights } from './torch-weights.ts';

/** Channels and places in torchvision's `features` of the convolutions of each block. */
const blocks = [
  { channels: 64, places: [0, 2] },
  { channels: 128, places: [5, 7] },
  { channels: 256, places: [10, 12, 14] },
  { channels: 512, places: [17, 19, 21] },
  { channels: 512, places: [24, 26, 28] },
] as const;

export class Vgg16 {
  readonly #blocks: readonly (readonly ConvolutionWeights[])[];

  /** @throws UserError when a weight `features.N.{weight,bias}` is missing or of another shape. */
  constructor(weights: TorchWeights) {
    let input = 3;
    this.#blocks = blocks.map(({ channels, places }) =>
      places.map((place) => {
        const convolution = weights.convolution(`features.${place}`, [channels, input, 3, 3]);
        input = channels;
        return convolution;
      }),
    );
  }

  /** Features after the last rectifier of each block, of a normalised image [n,h,w,3] of at least 16 px. */
  features(image: Tensor4D): Tensor4D[] {
    return tf.tidy(() => {
      let x = image;
      return this.#blocks.map((block, i) => {
        if (i > 0) x = tf.maxPool(x, 2, 2, 'valid');
        for (const weights of block) x = convolveRelu(x, weights);
        return x;
      });
    });
  }

  dispose(): void {
    for (const { kernel, bias } of this.#blocks.flat()) tf.dispose([kernel, bias]);
  }
}
