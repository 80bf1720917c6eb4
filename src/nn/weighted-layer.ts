/**
 * What a layer with weights says of itself: how its weights begin, and what the files of the original's code call them.
 * A layer that has weights and leaves one of them out is an error wherever they are drawn, read or written.
 */
import { type Tensor, type TensorFlow, tf } from '../ops/tf.ts';

type Weight = TensorFlow.LayerVariable;

/** How weights begin. A layer names each of its weights once, in an order that stays: random numbers depend on it. */
export interface WeightDraws {
  /** A convolution's kernel [h,w,in,out], by the scheme of its network. */
  kernel(weight: Weight): void;
  /** The scale of a normalisation [c], by the scheme of its network. */
  scale(weight: Weight): void;
  /** Uniform within 1/sqrt(fanIn), as torch has linear layers and convolutions by default. */
  uniform(weight: Weight, fanIn: number): void;
  /** N(0, 1). */
  normal(weight: Weight): void;
  /** A random vector of length 1. */
  direction(weight: Weight): void;
  /** A value that is not random. */
  value(weight: Weight, make: () => Tensor): void;
  /** As the layer was built, for example zeros. */
  asBuilt(weight: Weight): void;
}

/** How a weight's numbers are arranged in files of PyTorch, and back. Both give a new tensor. */
export interface Layout {
  encode(ours: Tensor): Tensor;
  decode(theirs: Tensor): Tensor;
}

export const asOurs: Layout = { encode: (t) => t.clone(), decode: (t) => t.clone() };
/** Linear layers: (in, out) here, (out, in) in torch. */
export const transposed: Layout = { encode: (t) => tf.transpose(t), decode: (t) => tf.transpose(t) };
/** Kernels: HWIO here, OIHW in torch; those of transposed convolutions [h,w,out,in] here, (in, out, h, w) in torch. */
export const kernelLayout: Layout = {
  encode: (t) => tf.transpose(t, [3, 2, 0, 1]),
  decode: (t) => tf.transpose(t, [2, 3, 1, 0]),
};
/** A vector that runs over a kernel's window [k,k,c]: over (k, k, c) here and over (c, k, k) in torch. */
export const windowLayout = (size: number): Layout => ({
  encode: (t) => tf.reshape(tf.transpose(tf.reshape(t, [size, size, -1]), [2, 0, 1]), [-1]),
  decode: (t) => tf.reshape(tf.transpose(tf.reshape(t, [-1, size, size]), [1, 2, 0]), [-1]),
});

/** A weight in a PyTorch state dict. */
export interface TorchWeight {
  /** What follows the layer's name and a dot, for example `weight`. */
  readonly name: string;
  readonly weight: Weight;
  readonly layout: Layout;
}

/** A convolution's kernel and, where it has one, bias as PyTorch has them. */
export function convolutionInTorch(kernel: Weight, bias: Weight | undefined): TorchWeight[] {
  const weights = [{ name: 'weight', weight: kernel, layout: kernelLayout }];
  return bias ? [...weights, { name: 'bias', weight: bias, layout: asOurs }] : weights;
}

/** A weight, or half of its output channels, in a TensorFlow 1 checkpoint. Numbers are arranged as here. */
export interface Tf1Weight {
  /** What follows the layer's name, for example `/kernel`. */
  readonly name: string;
  readonly weight: Weight;
  /** Where the checkpoint has two variables for what is one weight here. */
  readonly half?: 0 | 1;
  /** The checkpoint's, where it has dimensions of size 1 that ours lacks. */
  readonly shape?: readonly number[];
}

/** Where a gated convolution's gates are: in the features' own kernel, or in that of a convolution `NAME_g`. */
export type Tf1Gates = 'own kernel' | 'NAME_g';

/**
 * The channels of a shape [...,c], or its size along another axis, which a layer has to know when it is built.
 *
 * @throws Error where it is left open.
 */
export function knownSize(shape: TensorFlow.Shape, axis = -1): number {
  const size = shape.at(axis);
  if (typeof size !== 'number') throw new Error(`The layer needs to know axis ${axis} of [${shape}]`);
  return size;
}

export abstract class WeightedLayer extends tf.layers.Layer {
  /** Gives each weight its beginning. */
  abstract drawWeights(draws: WeightDraws): void;

  /** Every weight as PyTorch has it; undefined where PyTorch has no such layer. */
  torchWeights(): readonly TorchWeight[] | undefined {
    return undefined;
  }

  /** Every weight as TensorFlow 1 has it; undefined where no original in TensorFlow 1 has such a layer. */
  tf1Weights(_gates: Tf1Gates): readonly Tf1Weight[] | undefined {
    return undefined;
  }
}

/**
 * The layers of a network that have weights.
 *
 * @throws Error for a layer that is none of ours and has weights.
 */
export function weightedLayers(network: TensorFlow.LayersModel): WeightedLayer[] {
  return network.layers.flatMap((layer) => {
    if (layer instanceof WeightedLayer) return [layer];
    if (layer.weights.length === 0) return [];
    throw new Error(`${network.name}/${layer.name} has weights and is no WeightedLayer`);
  });
}

/**
 * Throws an Error when a layer has a weight that is not among `named`.
 *
 * @param what of it the layer should say, for the message.
 */
export function requireEvery(
  { name }: TensorFlow.LayersModel,
  layer: WeightedLayer,
  named: Iterable<Weight>,
  what: string,
): void {
  const known = new Set(named);
  const forgotten = layer.weights.filter((weight) => !known.has(weight));
  if (forgotten.length === 0) return;
  const names = forgotten.map(({ originalName }) => `${name}/${originalName}`).join(', ');
  throw new Error(`${layer.getClassName()} does not say ${what} of ${names}`);
}
