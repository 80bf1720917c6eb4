/** What an exported file says of its model beside the weights: they do not show all that its use depends on. */
import type { RunConfig } from '../config/run-config.ts';

export type Metadata = Readonly<Record<string, string>>;

/** Parts of a configuration that only training depends on. */
const OF_TRAINING = ['name', 'seed', 'data', 'loss', 'training', 'output'];

/** The other keys of the configuration, by their paths. */
export function describeConfig(config: RunConfig): Metadata {
  const parts = Object.entries(config).filter(([key]) => !OF_TRAINING.includes(key));
  return Object.fromEntries(leaves(Object.fromEntries(parts)));
}

function leaves(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return [];
    return typeof value === 'object' ? leaves(value, `${path}${key}.`) : [[path + key, String(value)]];
  });
}
