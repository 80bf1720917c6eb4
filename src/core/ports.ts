/** Named inputs and outputs of what can be exported. */
import type { Tf1Naming } from '../nn/tf1-keys.ts';
import type { LayersModel } from '../ops/tf.ts';

/** What an input holds. `network` is what one network hands to another. */
export type PortKind = 'photo' | 'hole' | 'sketch' | 'colour' | 'l' | 'network';

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
  /** What a network's weights are called in the original's TensorFlow 1 checkpoints, if there it is one; else as in PyTorch. */
  readonly tf1?: Tf1Naming;
}

export const lPort: Port = {
  kind: 'l',
  shape: [1],
  meaning: 'refinement level in [0, 1]: 0 follows the sketch, 1 is the freest',
};

/**
 * The ports of a network of pictures that are all of one size.
 *
 * @param side of the pictures, px. @param inputs in the network's order.
 */
export function pictureNetworkPorts(
  { inputs: tensors }: LayersModel,
  side: number,
  inputs: Readonly<Record<string, Omit<Port, 'shape'>>>,
  outputs: NetworkPorts['outputs'],
): NetworkPorts {
  const ports = Object.entries(inputs).map(([name, port], index) => {
    // A mask may have one channel for all.
    const channels = tensors[index].shape[3] ?? 1;
    return [name, { ...port, shape: [side, side, channels] }] as const;
  });
  return { inputs: Object.fromEntries(ports), outputs };
}
