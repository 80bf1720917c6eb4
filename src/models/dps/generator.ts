/**
 * The refinement generator G (DeepPS models.py:157-358): one network a level, each conditioned on l by its own style
 * network, each but the lowest adding to its features those of the level below.
 */

import { AdaptiveInstanceNorm } from '../../nn/adaptive-instance-norm.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { Linear } from '../../nn/linear.ts';
import { ReflectionConv2D } from '../../nn/reflection-conv.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { generatorInput, type Task } from './inputs.ts';
import type { LevelBatch } from './sketch.ts';

type Symbolic = TensorFlow.SymbolicTensor;
const STYLE_WIDTH = 128;
export const LEAK = 0.2;

export interface GeneratorOptions {
  name: string;
  /** Channels of the input: 3 in synthesis, 7 in editing. */
  channels: number;
  width: number;
  residualBlocks: number;
  /** Whether it is the lowest level, which has no features to build on and goes down to an eighth of its resolution. */
  lowest: boolean;
}

/**
 * Inputs: x [n,h,w,channels], l [n or 1, 1] in [0, 1] and, but for the lowest level, the features of the level below
 * [n,h/2,w/2,2 width]. Outputs: features [n,h,w,2 width] for the level above, and the picture [n,h,w,4] in [-1, 1]:
 * refined sketch, red, green, blue. Height and width are multiples of 8 (lowest level) or 2.
 */
export function buildGenerator(options: GeneratorOptions): LayersModel {
  const { name, channels, width, lowest } = options;
  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  const l = tf.input({ shape: [1], name: `${name}.l` });
  const style = styleNetwork(l);
  const block = blocks(style);
  const first = conv('conv1', width).apply(x) as Symbolic;
  let features: Symbolic;
  const inputs = [x, l];
  if (lowest) {
    const half = block.down('rcb1', first, 2 * width);
    const quarter = block.down('rcb2', half, 4 * width);
    let h = block.down('rcb3', quarter, 8 * width);
    for (let i = 0; i < options.residualBlocks; i++) h = block.residual(`resblocks.${i}`, h, 8 * width);
    h = join(block.up('rdcb3', h, 4 * width), quarter);
    h = join(block.up('rdcb2', h, 2 * width), half);
    features = join(block.up('rdcb1', h, width), first);
  } else {
    const below = tf.input({ shape: [null, null, 2 * width], name: `${name}.below` });
    inputs.push(below);
    const half = block.down('rcb1', first, 2 * width);
    let h = tf.layers.add({ name: 'addBelow' }).apply([half, below]) as Symbolic;
    for (let i = 0; i < options.residualBlocks; i++) h = block.residual(`resblocks.${i}`, h, 2 * width);
    features = join(block.up('rdcb1', h, width), first);
  }
  const rectified = new LeakyReLU({ slope: 0 }).apply(features) as Symbolic;
  const picture = tf.layers
    .activation({ activation: 'tanh' })
    .apply(conv('conv2', 4).apply(rectified) as Symbolic) as Symbolic;
  return tf.model({ name, inputs, outputs: [features, picture] });
}

/** The part of a generator that a higher level needs of it: its features without the picture, on shared weights. */
export function featuresOf(generator: LayersModel): LayersModel {
  return tf.model({
    name: `${generator.name}.features`,
    inputs: generator.inputs,
    outputs: generator.outputs[0],
  });
}

/**
 * The features that the lower levels hand up, or undefined where there are none.
 *
 * @param below the features of the lower levels' generators, lowest first.
 * @param inputs one entry a level, lowest first; those beyond the lower levels are not used.
 * @param l [n or 1, 1].
 */
export function lowerFeatures(
  below: readonly LayersModel[],
  task: Task,
  inputs: readonly Omit<LevelBatch, 'sketch'>[],
  l: Tensor2D,
): Tensor4D | undefined {
  let features: Tensor4D | undefined;
  for (const [index, network] of below.entries()) {
    const { roughSketch, image, hole } = inputs[index];
    const x = generatorInput(task, { sketch: roughSketch, image, hole });
    features = network.apply(features ? [x, l, features] : [x, l]) as Tensor4D;
  }
  return features;
}

/** A generator's picture [n,h,w,4] as refined sketch [n,h,w,1] and image [n,h,w,3]. */
export function splitPicture(picture: Tensor4D): { sketch: Tensor4D; image: Tensor4D } {
  const [sketch, image] = tf.split(picture, [1, 3], 3) as [Tensor4D, Tensor4D];
  return { sketch, image };
}

/** l [n,1] → style [n,128], four leaky layers. */
function styleNetwork(l: Symbolic): Symbolic {
  let style = l;
  for (const index of [0, 2, 4, 6]) {
    const dense = new Linear({ units: STYLE_WIDTH, name: `embedding.style.${index}` });
    style = new LeakyReLU({ slope: LEAK }).apply(dense.apply(style) as Symbolic) as Symbolic;
  }
  return style;
}

const conv = (name: string, filters: number, kernelSize = 3, stride = 1) =>
  new ReflectionConv2D({ name, filters, kernelSize, stride, pad: 1 });

const join = (decoder: Symbolic, encoder: Symbolic): Symbolic =>
  tf.layers.concatenate({ axis: 3 }).apply([decoder, encoder]) as Symbolic;

/** The blocks that G is made of, each normalised adaptively by one style. */
function blocks(style: Symbolic) {
  const normalized = (name: string, x: Symbolic) =>
    new AdaptiveInstanceNorm({ name }).apply([x, style]) as Symbolic;
  const leaky = (x: Symbolic) => new LeakyReLU({ slope: LEAK }).apply(x) as Symbolic;
  return {
    /** Half the resolution (RCB). */
    down: (name: string, x: Symbolic, filters: number) =>
      normalized(`${name}.bn`, conv(`${name}.conv`, filters, 3, 2).apply(leaky(x)) as Symbolic),
    /** Twice the resolution (RDCB). */
    up(name: string, x: Symbolic, filters: number) {
      const upsample = new ReflectionConv2D({
        name: `${name}.dconv.conv2d`,
        filters,
        kernelSize: 3,
        pad: 1,
        upsample: true,
      });
      const rectified = new LeakyReLU({ slope: 0 }).apply(x) as Symbolic;
      return normalized(`${name}.bn`, upsample.apply(rectified) as Symbolic);
    },
    /** Two convolutions and the identity, pre-activation. */
    residual(name: string, x: Symbolic, filters: number) {
      const first = normalized(`${name}.bn1`, conv(`${name}.conv_0`, filters).apply(leaky(x)) as Symbolic);
      const second = normalized(
        `${name}.bn2`,
        conv(`${name}.conv_1`, filters).apply(leaky(first)) as Symbolic,
      );
      return tf.layers.add().apply([x, second]) as Symbolic;
    },
  };
}
