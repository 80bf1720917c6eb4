/**
 * Correspondence between the weights of our networks and the variables of TensorFlow 1 checkpoints (DeepFillv2,
 * SC-FEGAN). Layers carry the names of the original's scopes.
 */

import { type LayersModel, type Tensor, type TensorFlow, tf, type Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { GatedConv2D } from './gated-conv.ts';
import { PowerIterationConv2D } from './power-iteration-conv.ts';
import { type ColourLayers, exchangeRedAndBlue } from './tf1-colours.ts';
import { TransposedConv2D } from './transposed-conv.ts';
import { ZeroPadConv2D } from './zero-pad-conv.ts';

export interface Tf1Naming {
  /** Before each layer's name, for example `inpaint_net/`. */
  readonly prefix: string;
  /** Where a gated convolution's gates are: in the features' own kernel, or in that of a convolution `NAME_g`. */
  readonly gates: 'own kernel' | 'NAME_g';
  /** Layers whose weights have colours in another order there than in our checkpoints. */
  readonly colours?: ColourLayers;
}

/** One variable of a checkpoint: all of a weight of ours, or some of its output channels. */
export interface Tf1Entry {
  /** For example `inpaint_net/conv1/kernel`. */
  readonly key: string;
  readonly variable: Variable;
  /** In checkpoints. Ours may lack dimensions of size 1. */
  readonly shape: readonly number[];
  /** The entry's part of a tensor that has the weight's shape. */
  part(tensor: Tensor): Tensor;
  /** The entry's values with colours in the checkpoint's order from those in ours, and the other way round. */
  exchangeColours(values: Tensor): Tensor;
}

/** Every weight of a network with its variables in a checkpoint. Kernels are in the same layout in both. */
export function tf1Entries(network: LayersModel, { prefix, gates, colours = {} }: Tf1Naming): Tf1Entry[] {
  return network.layers.flatMap((layer): Tf1Entry[] => {
    const whole = (suffix: string, weight: TensorFlow.LayerVariable): Tf1Entry => ({
      key: `${prefix}${layer.name}${suffix}`,
      variable: weight.read() as Variable,
      shape: weight.shape as number[],
      part: (tensor) => tensor.clone(),
      exchangeColours: (values) => exchangeRedAndBlue(values, colours[layer.name] ?? {}),
    });
    /** Both halves of a weight's channels. */
    const halves = (suffix: string, weight: TensorFlow.LayerVariable) =>
      ['', '_g'].map((name, half): Tf1Entry => {
        const entry = whole(`${name}${suffix}`, weight);
        const channels = entry.shape.at(-1)! / 2;
        return {
          ...entry,
          shape: [...entry.shape.slice(0, -1), channels],
          part: (tensor) => tf.split(tensor, 2, tensor.rank - 1)[half],
        };
      });
    if (layer instanceof GatedConv2D) {
      const entries = gates === 'own kernel' ? (...of: Parameters<typeof whole>) => [whole(...of)] : halves;
      return [...entries('/kernel', layer.kernel), ...entries('/bias', layer.bias)];
    }
    if (layer instanceof TransposedConv2D)
      return [whole('/w', layer.kernel), ...(layer.bias ? [whole('/biases1', layer.bias)] : [])];
    if (!(layer instanceof ZeroPadConv2D)) return [];
    const entries = [whole('/kernel', layer.kernel), ...(layer.bias ? [whole('/bias', layer.bias)] : [])];
    if (!(layer instanceof PowerIterationConv2D)) return entries;
    return [...entries, { ...whole('/kernel_sn/u', layer.u), shape: [1, ...(layer.u.shape as number[])] }];
  });
}

/**
 * Gives a network the weights of a checkpoint. Variables that the network does not use are left alone.
 *
 * @param weights the tensor of an entry; nothing where it is missing. Dimensions of size 1 do not matter.
 * @throws UserError when a variable is missing or of another shape.
 */
export function loadTf1Weights(
  network: LayersModel,
  naming: Tf1Naming,
  weights: (entry: Tf1Entry) => Tensor | undefined,
): void {
  tf.tidy(() => {
    const parts = new Map<Variable, Tensor[]>();
    for (const entry of tf1Entries(network, naming)) {
      const { key, variable, shape, part } = entry;
      const value = weights(entry);
      if (!value || String(long(value.shape)) !== String(long(shape)))
        throw new UserError(`The weights do not fit the network ${network.name}.`, {
          where: key,
          expected: `shape [${shape}]`,
          got: value ? `shape [${value.shape}]` : 'nothing',
        });
      parts.set(variable, [...(parts.get(variable) ?? []), tf.reshape(value, part(variable).shape)]);
    }
    for (const [variable, values] of parts) variable.assign(tf.concat(values, variable.rank - 1) as Variable);
  });
}

const long = (shape: readonly number[]) => shape.filter((size) => size !== 1);
