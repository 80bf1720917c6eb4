import { type Tensor1D, type Tensor4D, tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { StoredTensor } from '../weights/safetensors.ts';
import type { ConvolutionWeights } from './fixed-convolution.ts';
import type { VggTrunk } from './vgg.ts';
import type { PoolTrunk } from './vgg-pools.ts';

/** Places of the first seven convolutions in torchvision's `features` of VGG16; VGG19 has the same. */
const PLACES = [0, 2, 5, 7, 10, 12, 14];
const CHANNELS = [3, 64, 64, 128, 128, 256, 256, 256];

/**
 * The trunk from torchvision's weights, keys `features.N.weight` (OIHW) and `features.N.bias`.
 *
 * @param where the file's name, for messages.
 * @throws UserError when a weight is missing or of another shape.
 */
export function vggTrunkOfTorch(weights: ReadonlyMap<string, StoredTensor>, where = 'VGG weights'): VggTrunk {
  return convolutionsOf(5, weights, where) as unknown as VggTrunk;
}

/** The layers up to the third pooling from torchvision's weights of VGG16, as {@link vggTrunkOfTorch} reads them. */
export function vggPoolTrunkOfTorch(
  weights: ReadonlyMap<string, StoredTensor>,
  where = 'VGG weights',
): PoolTrunk {
  return convolutionsOf(7, weights, where) as unknown as PoolTrunk;
}

function convolutionsOf(count: number, weights: ReadonlyMap<string, StoredTensor>, where: string) {
  return tf.tidy(() =>
    PLACES.slice(0, count).map((place, index) => {
      const take = (suffix: string, shape: number[]) => {
        const key = `features.${place}.${suffix}`;
        const stored = weights.get(key);
        if (String(stored?.shape) !== String(shape))
          throw new UserError('This file does not hold VGG weights as torchvision names them.', {
            where: `${where}: ${key}`,
            expected: `shape [${shape}]`,
            got: stored ? `shape [${stored.shape}]` : 'nothing',
          });
        return tf.tensor(Float32Array.from(stored!.data as ArrayLike<number>), shape);
      };
      const [input, output] = [CHANNELS[index], CHANNELS[index + 1]];
      const kernel = tf.transpose(take('weight', [output, input, 3, 3]), [2, 3, 1, 0]) as Tensor4D;
      return { kernel: tf.keep(kernel), bias: tf.keep(take('bias', [output]) as Tensor1D) };
    }),
  ) as unknown as ConvolutionWeights[];
}
