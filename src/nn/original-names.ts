/**
 * What the weights of our networks are called in the files of the original's code: in PyTorch state dicts, or in
 * TensorFlow 1 checkpoints (DeepFillv2, SC-FEGAN). Layers carry the names of the original's modules or scopes, and say
 * what follows these names; see {@link WeightedLayer}.
 */
import { type LayersModel, type Tensor, type TensorFlow, tf, type Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import {
  requireEvery,
  type Tf1Gates,
  type Tf1Weight,
  type TorchWeight,
  type WeightedLayer,
  weightedLayers,
} from './weighted-layer.ts';

/** A weight of ours, or half of its channels, as the original's files have it. */
export interface OriginalWeight {
  /** For example `rcb1.conv.weight` or `inpaint_net/conv1/kernel`. */
  readonly key: string;
  readonly variable: Variable;
  /** In the files. Dimensions of size 1 may be left out there. */
  readonly shape: readonly number[];
  /** What a file has for a tensor of the weight's shape. */
  encode(ours: Tensor): Tensor;
  /** The reverse; of half of the channels, that half. */
  decode(theirs: Tensor): Tensor;
}

/** How a network's weights are named in TensorFlow 1 checkpoints. */
export interface Tf1Naming {
  /** Before each layer's name, for example `inpaint_net/`. */
  readonly prefix: string;
  readonly gates: Tf1Gates;
  /** Layers whose weights have colours in another order there than in our checkpoints, by their names. */
  readonly colours?: Readonly<Record<string, ColourChannels>>;
}

/**
 * SC-FEGAN and DeepFillv2 read photos with OpenCV, so the weights in their checkpoints know colours as blue, green, red;
 * here they are red, green, blue.
 */
interface ColourChannels {
  /** The first input channel of each colour image that the layer takes. */
  readonly inputs?: readonly number[];
  /** Whether it makes a colour image. */
  readonly output?: boolean;
}

/**
 * Every weight of a network, in the network's order.
 *
 * @param tf1 how TensorFlow 1 names them; left out for PyTorch.
 * @throws Error when a layer does not say what a weight is called there.
 */
export function originalWeights(network: LayersModel, tf1?: Tf1Naming): OriginalWeight[] {
  return tf1 ? tf1WeightsOf(network, tf1) : torchWeightsOf(network);
}

/** What a layer says of its weights. Throws an Error when it leaves one out, or says nothing. */
function said<W extends TorchWeight | Tf1Weight>(
  network: LayersModel,
  layer: WeightedLayer,
  weights: readonly W[] = [],
  what: string,
): readonly W[] {
  const named = weights.map(({ weight }) => weight);
  requireEvery(network, layer, named, `the ${what}`);
  return weights;
}

function torchWeightsOf(network: LayersModel): OriginalWeight[] {
  return weightedLayers(network).flatMap((layer) => {
    const weights = said(network, layer, layer.torchWeights(), 'name in PyTorch');
    return weights.map(({ name, weight, layout }) => {
      const variable = weight.read() as Variable;
      const shape = tf.tidy(() => layout.encode(variable).shape);
      return { key: `${layer.name}.${name}`, variable, shape, ...layout };
    });
  });
}

function tf1WeightsOf(network: LayersModel, { prefix, gates, colours = {} }: Tf1Naming): OriginalWeight[] {
  return weightedLayers(network).flatMap((layer) => {
    const weights = said(network, layer, layer.tf1Weights(gates), 'name in TensorFlow 1');
    const exchange = (values: Tensor) => exchangeRedAndBlue(values, colours[layer.name] ?? {});
    return weights.map(({ name, weight, half, shape }) => {
      const variable = weight.read() as Variable;
      const part = (ours: Tensor) => (half === undefined ? ours : tf.split(ours, 2, ours.rank - 1)[half]);
      return {
        key: `${prefix}${layer.name}${name}`,
        variable,
        shape: shape ?? halved(variable.shape, half),
        encode: (ours) => tf.tidy(() => exchange(part(ours))),
        decode: exchange,
      };
    });
  });
}

const halved = (shape: TensorFlow.Shape, half: 0 | 1 | undefined): number[] =>
  (shape as number[]).map((size, axis) =>
    half !== undefined && axis === shape.length - 1 ? size / 2 : size,
  );

/**
 * Gives a network the weights of files. What the network does not use is left alone.
 *
 * @param read the tensor of a weight as the files have it; nothing where it is missing.
 * @param tf1 as for {@link originalWeights}.
 * @throws UserError when one is missing or of another shape.
 */
export function loadOriginalWeights(
  network: LayersModel,
  read: (weight: OriginalWeight) => Tensor | undefined,
  tf1?: Tf1Naming,
): void {
  tf.tidy(() => {
    const parts = new Map<Variable, Tensor[]>();
    for (const weight of originalWeights(network, tf1)) {
      const { key, variable, shape, encode, decode } = weight;
      const value = read(weight);
      if (!value || String(withoutOnes(value.shape)) !== String(withoutOnes(shape)))
        throw new UserError(`The weights do not fit the network ${network.name}.`, {
          where: key,
          expected: `shape [${shape}]`,
          got: value ? `shape [${value.shape}]` : 'nothing',
        });
      const decoded = decode(tf.reshape(value, encode(variable).shape));
      parts.set(variable, [...(parts.get(variable) ?? []), decoded]);
    }
    for (const [variable, values] of parts) variable.assign(tf.concat(values, variable.rank - 1) as Variable);
  });
}

const withoutOnes = (shape: readonly number[]) => shape.filter((size) => size !== 1);

/**
 * A weight with red and blue exchanged, so that the network does the same with images in the other order.
 *
 * @param weight a kernel [k,k,c,filters] or a bias [filters].
 */
function exchangeRedAndBlue(weight: Tensor, { inputs = [], output = false }: ColourChannels): Tensor {
  return tf.tidy(() => {
    let exchanged = weight.clone();
    if (weight.rank === 4 && inputs.length > 0) exchanged = exchangedAlong(exchanged, 2, inputs);
    if (output) exchanged = exchangedAlong(exchanged, weight.rank - 1, [0]);
    return exchanged;
  });
}

/** The tensor with the channels c and c + 2 of an axis in each other's place, for each c of `firsts`. */
function exchangedAlong(tensor: Tensor, axis: number, firsts: readonly number[]): Tensor {
  const order = Array.from({ length: tensor.shape[axis] }, (_, channel) => channel);
  for (const first of firsts) [order[first], order[first + 2]] = [first + 2, first];
  return tf.gather(tensor, order, axis);
}
