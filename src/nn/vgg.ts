/**
 * VGG (Simonyan and Zisserman, 2015) for losses and metrics that compare images in its eyes: VGG16's convolutions, of
 * which VGG19's are the same up to conv3_3. HED's trunk is a VGG16, too.
 */
import { type Tensor4D, tf } from '../ops/tf.ts';
import { type ConvolutionWeights, convolveRelu } from './fixed-convolution.ts';
import type { TorchWeights } from './torch-weights.ts';

/** Channels of each block, and the places of its convolutions in torchvision's `features` of VGG16. */
const BLOCKS = [
  { channels: 64, places: [0, 2] },
  { channels: 128, places: [5, 7] },
  { channels: 256, places: [10, 12, 14] },
  { channels: 512, places: [17, 19, 21] },
  { channels: 512, places: [24, 26, 28] },
];

/** The convolutions in their order: `conv1_1`, `conv1_2`, `conv2_1`, ... `conv5_3`. */
export const VGG16_CONVOLUTIONS: readonly string[] = BLOCKS.flatMap(({ places }, block) =>
  places.map((_, index) => `conv${block + 1}_${index + 1}`),
);

/** The places of those convolutions in torchvision's `features`. */
export const VGG16_PLACES: readonly number[] = BLOCKS.flatMap(({ places }) => places);

/** What files and configurations call the VGG19 of keras.applications: Oxford's own weights, where torchvision's are others. */
export const KERAS_VGG19 = 'vgg19-keras';

/** VGG's first convolutions, in their order; as many as the features need that are asked for. */
export type VggConvolutions = readonly ConvolutionWeights[];

/**
 * The first convolutions from torchvision's weights, keys `features.N.weight` (OIHW) and `features.N.bias`. The caller
 * disposes of them, no tidy() does.
 *
 * @param count how many; all 13 of VGG16 by default, at most 7 of VGG19.
 * @throws UserError when a weight is missing or of another shape.
 */
export function vggOfTorch(weights: TorchWeights, count = VGG16_CONVOLUTIONS.length): ConvolutionWeights[] {
  let input = 3;
  const places = BLOCKS.flatMap(({ channels, places }) => places.map((place) => [place, channels] as const));
  return places.slice(0, count).map(([place, channels]) => {
    const convolution = weights.convolution(`features.${place}`, [channels, input, 3, 3]);
    input = channels;
    return convolution;
  });
}

/**
 * Features of a normalised image [n,h,w,3]: [n,h',w',c] after each of some layers.
 *
 * @param layers in the network's order: `relu2_1` is what follows conv2_1; `pool2`, half as high and wide, what follows
 *   the second block.
 */
export function vggFeatures(
  convolutions: VggConvolutions,
  image: Tensor4D,
  layers: readonly string[],
): Tensor4D[] {
  const features: Tensor4D[] = [];
  const isLast = (layer: string, x: Tensor4D) => {
    if (layer === layers[features.length]) features.push(x);
    return features.length === layers.length;
  };
  let x = image;
  let next = 0;
  for (const [block, { places }] of BLOCKS.entries()) {
    for (const index of places.keys()) {
      x = convolveRelu(x, convolutions[next++]);
      if (isLast(`relu${block + 1}_${index + 1}`, x)) return features;
    }
    x = tf.maxPool(x, 2, 2, 'valid');
    if (isLast(`pool${block + 1}`, x)) return features;
  }
  throw new Error(`VGG16 has no layers ${layers.slice(features.length).join(', ')} in this order`);
}

/** VGG16 as a perceptual distance takes it. */
export class Vgg16 {
  readonly #convolutions: VggConvolutions;

  /** @throws UserError as {@link vggOfTorch}. */
  constructor(weights: TorchWeights) {
    this.#convolutions = vggOfTorch(weights);
  }

  /** Features after the last ReLU of each of the five blocks, of a normalised image [n,h,w,3] of at least 16 px. */
  features(image: Tensor4D): Tensor4D[] {
    const layers = BLOCKS.map(({ places }, block) => `relu${block + 1}_${places.length}`);
    return tf.tidy(() => vggFeatures(this.#convolutions, image, layers));
  }

  dispose(): void {
    for (const { kernel, bias } of this.#convolutions) tf.dispose([kernel, bias]);
  }
}
