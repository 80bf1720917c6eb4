/** AlexNet's convolutions as torchvision has them ("One weird trick", Krizhevsky 2014), for perceptual distances. */
import { type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';
import type { TorchWeights } from './torch-weights.ts';

/** Place in torchvision's `features` and shape [out,in,h,w]. */
const convolutions = [
  [0, [64, 3, 11, 11]],
  [3, [192, 64, 5, 5]],
  [6, [384, 192, 3, 3]],
  [8, [256, 384, 3, 3]],
  [10, [256, 256, 3, 3]],
] as const;

export class AlexNet {
  readonly #weights: readonly ConvolutionWeights[];

  /** @throws UserError when a weight `features.N.{weight,bias}` is missing or of another shape. */
  constructor(weights: TorchWeights) {
    this.#weights = convolutions.map(([place, shape]) => weights.convolution(`features.${place}`, shape));
  }

  /** Features after each of the five rectifiers, of a normalised image [n,h,w,3] of at least 35 px. */
  features(image: Tensor4D): Tensor4D[] {
    return tf.tidy(() => {
      const [first, second, ...rest] = this.#weights as [ConvolutionWeights, ConvolutionWeights];
      const pool = (x: Tensor4D) => tf.maxPool(x, 3, 2, 'valid');
      const framed = tf.pad(image, [
        [0, 0],
        [2, 2],
        [2, 2],
        [0, 0],
      ]) as Tensor4D;
      const layers = [convolveRelu(framed, first, { stride: 4, padding: 0 })];
      layers.push(convolveRelu(pool(layers[0]), second));
      let x = pool(layers[1]);
      for (const weights of rest) {
        x = convolveRelu(x, weights);
        layers.push(x);
      }
      return layers;
    });
  }

  dispose(): void {
    for (const { kernel, bias } of this.#weights) tf.dispose([kernel, bias]);
  }
}
