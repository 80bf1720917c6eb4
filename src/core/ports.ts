/** Named inputs and outputs of what can be exported, and what else others need to know of a network. */
import type { Tf1Naming } from '../nn/original-names.ts';
import type { LayersModel } from '../ops/tf.ts';

/** What an input holds. `network` is what one network hands to another. */
export type PortKind = 'photo' | 'hole' | 'sketch' | 'colour' | 'l' | 'network';

/** An input of a network, or of the whole path from photo to result. */
export interface Port {
  readonly kind: PortKind;
  /** Of one sample: NHWC without n. */
  readonly shape: readonly number[];
  /** For people. */
  readonly meaning: string;
}

/** In the order of the network's own inputs and outputs. */
export interface NetworkPorts {
  readonly inputs: Readonly<Record<string, Port>>;
  /** What each output is, for people. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A network as those see it who know no method. */
export interface NetworkDescription extends NetworkPorts {
  readonly role: 'generator' | 'discriminator';
  /** Side of its pictures, px. */
  readonly side: number;
  /** A name for several networks that are wanted together, for example the generators of all levels. */
  readonly family?: string;
  /** What its weights are called in the original's TensorFlow 1 checkpoints, if there it is one; else as in PyTorch. */
  readonly tf1?: Tf1Naming;
  /** Shapes of weights that the original's code wants and does not use, by their names there. */
  readonly unusedWeights?: Readonly<Record<string, readonly number[]>>;
}

export const lPort: Port = {
  kind: 'l',
  shape: [1],
  meaning: 'refinement level in [0, 1]: 0 follows the sketch, 1 is the freest',
};

/**
 * The description of a network of pictures that are all of one size.
 *
 * @param side of the pictures, px. @param inputs in the network's order.
 */
export function describePictureNetwork(
  { inputs: tensors }: LayersModel,
  role: NetworkDescription['role'],
  side: number,
  inputs: Readonly<Record<string, Omit<Port, 'shape'>>>,
  outputs: NetworkPorts['outputs'],
): NetworkDescription {
  const ports = Object.entries(inputs).map(([name, port], index) => {
    // A mask may have one channel for all.
    const channels = tensors[index].shape[3] ?? 1;
    return [name, { ...port, shape: [side, side, channels] }] as const;
  });
  return { role, side, inputs: Object.fromEntries(ports), outputs };
}
