/** How weights that the authors of a method released are recognised: a part of its definition. */
import { UserError } from '../runtime/errors.ts';
import type { WeightFile, WeightTensor } from '../weights/weight-file.ts';

/** A network in a file, or all networks of a file whose keys tell them apart. */
export interface NetworkGroup {
  readonly file: WeightFile;
  /** The file, and the prefix of its keys where they have one, for messages. */
  readonly where: string;
  /** By key without the prefix. */
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  /** The key by which it was recognised. */
  readonly signature: string;
  /** What the user calls it (`--as`). */
  readonly asked: string | undefined;
  /** What the prefix of its keys, or else its file's metadata, or the file's name without the extension calls it. */
  readonly names: readonly string[];
}

export interface ReleasedNetwork {
  /** Among the method's networks. */
  readonly name: string;
  readonly group: NetworkGroup;
  /** Keys of the group that no network uses. What a training leaves in TensorFlow's checkpoints is left out anyway. */
  readonly unused?: RegExp;
}

export interface ReleasedModel {
  /** For example `SC-FEGAN at 512 px`. */
  readonly description: string;
  /** The configuration that builds its networks; it is checked by the caller. */
  readonly config: object;
  readonly networks: readonly ReleasedNetwork[];
}

export interface Released<Config> {
  /** Keys by which its networks are recognised: each group has exactly one of them. */
  readonly signatures: readonly string[];
  /** What its files hold, for messages: `F, G or D of DeepPS`. */
  readonly contents: string;
  /** Its paper's configuration. */
  readonly config: URL;
  /**
   * What groups that have its signatures are together.
   *
   * @param groups at least one. @param paper the configuration of its paper.
   * @throws UserError when they are not its networks, or do not belong together.
   */
  recognise(groups: readonly NetworkGroup[], paper: Config): ReleasedModel;
}

/** The only group. Throws a UserError when there are several. */
export function onlyGroup([group, ...others]: readonly NetworkGroup[], title: string): NetworkGroup {
  if (group && others.length === 0) return group;
  throw new UserError(`A checkpoint of ${title} is imported by itself.`, {
    where: others[0]?.where,
    expected: 'one --from',
    got: `${others.length + 1} networks`,
  });
}

/**
 * Input and output channels of a convolution in a TensorFlow checkpoint.
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
  known: Readonly<Record<number, string>>,
): { channels: number; filters: number } {
  const shape = tensors.get(key)?.shape ?? [];
  const [height, width, channels, filters] = shape;
  if (shape.length === 4 && height === side && width === side && channels in known)
    return { channels, filters };
  const all = Object.entries(known).map(([count, meaning]) => `${count} (${meaning})`);
  throw new UserError('A network is none of the system that its variables are named after.', {
    where: `${where}: ${key}`,
    expected: `a convolution [${side},${side},c,filters] with c = ${all.join(' or ')}`,
    got: `[${shape}]`,
  });
}

/**
 * A size that a file says of its model, px: an export of ours has the configuration's keys in its metadata, as far as
 * weights do not show them. Undefined in files of other programs.
 *
 * @param key for example `resolution`.
 * @throws UserError when it is there and cannot be.
 */
export function declaredPixels({ file }: NetworkGroup, key: string): number | undefined {
  const text = file.metadata?.[key];
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new UserError('A weight file describes its model wrongly.', {
    where: `${file.path}: ${key} in its metadata`,
    expected: 'a whole number of pixels',
    got: JSON.stringify(text.slice(0, 80)),
    fix: 'export it again',
  });
}
