/** What the networks of Deep Plastic Surgery take and give. */

import { lPort, type NetworkPorts, type Port } from '../../core/ports.ts';
import type { LayersModel } from '../../ops/tf.ts';

/** @param side of the network's pictures, px. */
export function portsOf({ inputNames, inputs, outputs, name }: LayersModel, side: number): NetworkPorts {
  const ports = inputNames.map((full, i) => {
    const input = full.replace(/^.*\./, '');
    return [input, portOf(input, inputs[i].shape, side)] as const;
  });
  return { inputs: Object.fromEntries(ports), outputs: outputsOf(name, outputs.length) };
}

function portOf(name: string, shape: readonly (number | null)[], side: number): Port {
  if (name === 'l') return lPort;
  const below = name === 'below';
  return {
    kind: 'network',
    shape: shape.slice(1).map((length) => length ?? (below ? side / 2 : side)),
    meaning: below ? 'features of the level below' : 'the pictures that it sees, as channels in [-1, 1]',
  };
}

function outputsOf(name: string, count: number): NetworkPorts['outputs'] {
  if (count === 2) return { features: 'for the level above', picture: 'refined sketch and RGB, in [-1, 1]' };
  return /D\d*$/.test(name) ? { scores: 'of patches' } : { image: 'RGB in [-1, 1]' };
}
