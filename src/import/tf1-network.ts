/** What TensorFlow 1 checkpoints of other systems have in common. */
import type { RunConfig } from '../config/run-config.ts';
import { readDeclared } from '../export/metadata.ts';
import { UserError } from '../runtime/errors.ts';
import type { NetworkGroup } from './groups.ts';

/** A checkpoint of another system, recognised. */
export interface Tf1System {
  readonly group: NetworkGroup;
  /** For example `SC-FEGAN at 512 px`. */
  readonly description: string;
  readonly config: RunConfig;
  /** The networks that it has, by the method's names. */
  readonly networks: readonly string[];
}

/**
 * Input and output channels of a convolution.
 *
 * @param key of its kernel [k,k,c,filters].
 * @param side k.
 * @param known what c can be, and what each means.
 * @throws UserError when it is another convolution.
 */
export function readConvolution(
  { tensors, where }: NetworkGroup,
  key: string,
  side: number,
  known: ReadonlyMap<number, string>,
): { channels: number; filters: number } {
  const shape = tensors.get(key)?.shape ?? [];
  const [height, width, channels, filters] = shape;
  if (shape.length === 4 && height === side && width === side && known.has(channels))
    return { channels: channels, filters: filters };
  const all = [...known].map(([count, meaning]) => `${count} (${meaning})`);
  throw new UserError('A network is none of the system that its variables are named after.', {
    where: `${where}: ${key}`,
    expected: `a convolution [${side},${side},c,filters] with c = ${all.join(' or ')}`,
    got: `[${shape}]`,
  });
}

/** Side of a model's images as an export of ours says in its metadata, px; undefined for a checkpoint of its authors. */
export const declaredResolution = ({ file }: NetworkGroup): number | undefined =>
  readDeclared(file.metadata ?? {}, file.path).resolution;
