/**
 * pix2pix's generator, a U-Net of 4×4 convolutions of stride 2 (Isola et al. 2017, section 6.1.1; phillipi/pix2pix
 * models.lua:47-98; mmagic's UnetGenerator).
 */
import { Dropout } from '../../nn/dropout.ts';
import { BatchNorm } from '../../nn/feature-norm.ts';
import { LeakyReLU } from '../../nn/leaky-relu.ts';
import { TransposedConv2D } from '../../nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../../nn/zero-pad-conv.ts';
import { type LayersModel, type TensorFlow, tf } from '../../ops/tf.ts';

type Symbolic = TensorFlow.SymbolicTensor;
const LEAK = 0.2;
export const DROPOUT_RATE = 0.5;

/**
 * Whose network it is: `lua`, the authors' first, or `pytorch`, as mmagic has it. They differ in which layers have a
 * bias, in the order of a decoder's inputs, in where dropout stands and in the names of the weights.
 */
export type Variant = 'lua' | 'pytorch';

export interface GeneratorOptions {
  name: string;
  variant: Variant;
  /** Channels of the input. */
  channels: number;
  /** Channels of the result. */
  outputs: number;
  /** Channels of the first layer; eight times as many at most. */
  width: number;
  /** Halvings, 8 in the paper: height and width are multiples of 2 to this power. */
  depth: number;
  dropout: boolean;
}

/**
 * x [n,h,w,channels] → image [n,h,w,outputs] in [-1, 1]. Call arguments: `training`; `keep`, with which dropout
 * happens (see {@link Dropout}).
 */
export function buildGenerator(options: GeneratorOptions): LayersModel {
  const { name, variant, channels, outputs, width, depth } = options;
  if (depth < 5) throw new RangeError(`${name}: depth must be at least 5, not ${depth}`);
  const names = (variant === 'lua' ? luaNames : pytorchNames)(depth);
  const filters = (level: number) => width * Math.min(8, 2 ** (level - 1));
  const everyBias = variant === 'lua';
  const dropped = droppedLevels(options);

  const x = tf.input({ shape: [null, null, channels], name: `${name}.x` });
  const encoded: Symbolic[] = [];
  let h: Symbolic = x;
  for (let level = 1; level <= depth; level++) {
    if (level > 1) h = rectified(LEAK, h);
    const conv = new ZeroPadConv2D({
      name: names.down(level),
      filters: filters(level),
      kernelSize: 4,
      stride: 2,
      padding: 1,
      bias: everyBias,
    });
    h = conv.apply(h) as Symbolic;
    if (level > 1 && level < depth) h = normalized(names.downNorm(level), h);
    encoded.push(h);
  }
  for (let level = depth; level >= 1; level--) {
    const conv = new TransposedConv2D({
      name: names.up(level),
      filters: level === 1 ? outputs : filters(level - 1),
      kernelSize: 4,
      bias: everyBias || level === 1,
    });
    h = conv.apply(rectified(0, h)) as Symbolic;
    if (level === 1) break;
    h = normalized(names.upNorm(level), h);
    if (dropped.includes(level))
      h = new Dropout({ name: `${names.up(level)}.dropout`, rate: DROPOUT_RATE }).apply(h) as Symbolic;
    const skip = encoded[level - 2];
    const parts = variant === 'lua' ? [h, skip] : [skip, h];
    h = tf.layers.concatenate({ axis: 3 }).apply(parts) as Symbolic;
  }
  const image = tf.layers.activation({ activation: 'tanh' }).apply(h) as Symbolic;
  return tf.model({ name, inputs: x, outputs: image });
}

const rectified = (slope: number, x: Symbolic) => new LeakyReLU({ slope }).apply(x) as Symbolic;
const normalized = (name: string, x: Symbolic) => new BatchNorm({ name }).apply(x) as Symbolic;

/** Levels whose decoder drops: in Lua the three innermost; in PyTorch those between the innermost and the outer four. */
function droppedLevels({ variant, depth, dropout }: GeneratorOptions): number[] {
  if (!dropout) return [];
  if (variant === 'lua') return [depth, depth - 1, depth - 2];
  return Array.from({ length: depth - 5 }, (_, i) => 5 + i);
}

interface Names {
  down(level: number): string;
  downNorm(level: number): string;
  up(level: number): string;
  upNorm(level: number): string;
}

/** The names of models.lua's variables e1, e2, ... and, from the innermost on, d1, d2, ... */
function luaNames(depth: number): Names {
  const decoder = (level: number) => `d${depth + 1 - level}`;
  return {
    down: (level) => `e${level}`,
    downNorm: (level) => `e${level}_bn`,
    up: decoder,
    upNorm: (level) => `${decoder(level)}_bn`,
  };
}

/** Keys of the nested blocks of PyTorch's U-Net: each holds its own encoder, the next block and its decoder. */
function pytorchNames(depth: number): Names {
  const block = (level: number) => `model.model${'.1.model'.repeat(level - 1)}`;
  const decoder = (level: number) => `${block(level)}.${level === depth ? 1 : 2}`;
  return {
    down: (level) => `${block(level)}.0.conv`,
    downNorm: (level) => `${block(level)}.0.bn`,
    up: (level) => `${decoder(level)}.conv`,
    upNorm: (level) => `${decoder(level)}.bn`,
  };
}
