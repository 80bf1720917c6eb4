/** Named inputs and outputs of what can be exported. */
import type { LayersModel } from '../runtime/tf.ts';

/** What an input holds. `network` is what one network hands to another. */
export type PortKind = 'photo' | 'hole' | 'sketch' | 'colour' | 'level' | 'network';

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

export const levelPort: Port = {
  kind: 'level',
  shape: [1],
  meaning: 'refinement level in [0, 1]: 0 follows the sketch, 1 is the freest',
};

/**
 * The ports of a network of pictures that are all of one size.
 *
 * @param side of the pictures, px. @param inputs what each input holds, in the network's order.
 */
export function pictureNetworkPorts(
  { inputs: tensors }: LayersModel,
  side: number,
  inputs: Readonly<Record<string, string>>,
  outputs: NetworkPorts['outputs'],
): NetworkPorts {
  const ports = Object.entries(inputs).map(([name, meaning], index): [string, Port] => {
    const channels = tensors[index]!.shape[3]!;
    return [name, { kind: 'network', shape: [side, side, channels], meaning }];
  });
  return { inputs: Object.fromEntries(ports), outputs };
}
