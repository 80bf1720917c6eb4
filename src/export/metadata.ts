/** What an exported file says of its model beside the weights: they do not show all that its use depends on. */
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';

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

/** What no weight shows. The sizes are those of the results. */
export interface Declared {
  /** px. */
  readonly resolution?: number | undefined;
  /** px, at l = 1. */
  readonly maxDilation?: number | undefined;
}

/**
 * The part of {@link describeConfig} that weights do not show. Files of other programs have none of it.
 *
 * @throws UserError when it is there and cannot be.
 */
export function readDeclared(metadata: Metadata, where: string): Declared {
  const count = (key: string): number | undefined => {
    const text = metadata[key];
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
    throw new UserError('A weight file describes its model wrongly.', {
      where: `${where}: ${key} in its metadata`,
      expected: 'a whole number of pixels',
      got: JSON.stringify(text.slice(0, 80)),
      fix: 'export it again',
    });
  };
  return { resolution: count('resolution'), maxDilation: count('refinement.maxDilation') };
}
