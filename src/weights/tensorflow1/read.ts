/**
 * TensorFlow's checkpoints (`tf.train.Saver`, and SaveV2 below it): PREFIX.index lists the variables, files
 * PREFIX.data-00000-of-00001 hold their elements. TensorFlow's own RestoreV2 needs a list of types, which tfjs-node
 * cannot pass on.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../runtime/errors.ts';
import { FileBytes } from '../../runtime/files.ts';
import { defineMessages } from '../../runtime/protobuf.ts';
import { maskedCrc32c, readTable } from './table.ts';

/** Far above the need: an index of a thousand variables has a tenth of a megabyte. */
const MAX_INDEX_BYTES = 2 ** 24;
const MAX_SHARDS = 1000;
const FORMAT = 'TensorFlow checkpoint';
/** TensorFlow's names for the types of elements that checkpoints have. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'double',
  3: 'int32',
  7: 'string',
  9: 'int64',
  10: 'bool',
  14: 'brain float',
  19: 'half',
};

interface BundleTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Reads the elements, row-major. Throws a UserError when they are damaged, in pieces or not single precision. */
  read(): Float32Array;
}

export interface TensorBundle {
  /** By the variable's name. */
  readonly tensors: ReadonlyMap<string, BundleTensor>;
  /** The index and the files of elements. */
  readonly files: readonly string[];
  /** After this no tensor can be read. */
  close(): void;
}

/**
 * Opens a checkpoint. Elements are read later, each variable's by itself.
 *
 * @param prefix the checkpoint's name, what its files have in common.
 * @throws UserError when a file is missing, cannot be read or is damaged.
 */
export function openTensorBundle(prefix: string): TensorBundle {
  const opened: FileBytes[] = [];
  const open = (path: string): FileBytes => {
    requireThere(path, prefix);
    const file = new FileBytes(path, FORMAT);
    opened.push(file);
    return file;
  };
  const close = () => {
    for (const file of opened) file.close();
  };
  try {
    const index = open(`${prefix}.index`);
    const { count, entries } = readIndex(index);
    const shards = Array.from({ length: count }, (_, shard) => open(shardName(prefix, shard, count)));
    const tensors = [...entries].map(
      ([name, entry]) => [name, tensorOf(name, entry, index, shards)] as const,
    );
    return { tensors: new Map(tensors), files: opened.map(({ path }) => path), close };
  } catch (error) {
    close();
    throw error;
  }
}

const shardName = (prefix: string, shard: number, count: number): string => {
  const [own, all] = [shard, count].map((number) => String(number).padStart(5, '0'));
  return `${prefix}.data-${own}-of-${all}`;
};

function requireThere(path: string, prefix: string): void {
  if (existsSync(path)) return;
  throw new UserError('A file of a TensorFlow checkpoint is missing.', {
    where: path,
    expected: `${prefix}.index and the files ${prefix}.data-* in one folder, under the names they were saved with`,
    got: 'nothing of that name',
  });
}

/** How many files of elements there are, and what the index says of each variable. */
function readIndex(index: FileBytes): { count: number; entries: Map<string, BundleEntry> } {
  if (index.size > MAX_INDEX_BYTES)
    throw index.damaged(`an index of at most ${MAX_INDEX_BYTES} bytes`, `${index.size}`);
  const table = readTable(index);
  const decode = <T>(key: string, decoder: (bytes: Uint8Array) => T): T => {
    try {
      return decoder(table.get(key) ?? new Uint8Array());
    } catch (error) {
      throw index.damaged(
        'what an index says of a variable',
        `${JSON.stringify(key)}: ${(error as Error).message}`,
      );
    }
  };
  const { numShards: count, endianness } = decode('', decodeHeader);
  if (endianness !== 0) throw index.damaged('little-endian numbers', 'others');
  if (count < 1 || count > MAX_SHARDS)
    throw index.damaged(`1 to ${MAX_SHARDS} files of elements`, String(count));
  // Names that begin with a zero byte belong to pieces of partitioned variables.
  const names = [...table.keys()].filter((key) => key !== '' && !key.startsWith('\0'));
  return { count, entries: new Map(names.map((name) => [name, decode(name, decodeEntry)])) };
}

function tensorOf(
  name: string,
  entry: BundleEntry,
  index: FileBytes,
  shards: readonly FileBytes[],
): BundleTensor {
  const { shardId, offset, size, crc32c, slices } = entry;
  const shape = (entry.shape?.dim ?? []).map((dim) => dim.size);
  const dtype = TYPES[entry.dtype] ?? `type ${entry.dtype}`;
  const file = shards[shardId];
  if (!file || !shape.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw index.damaged('variables with sizes and places', `${name}: [${shape}] in file ${shardId}`);
  const read = (): Float32Array => {
    if (dtype !== 'float32' || slices.length > 0)
      throw new UserError('A variable is stored in a way that is not read here.', {
        where: `${index.path}: ${name}`,
        expected: 'single precision, in one piece',
        got: slices.length > 0 ? `${slices.length} pieces (a partitioned variable)` : dtype,
        fix: 'save it so with TensorFlow',
      });
    if (size !== shape.reduce((product, side) => product * side, 4))
      throw index.damaged(`elements for [${shape}]`, `${size} bytes for ${name}`);
    const bytes = file.read(offset, size);
    if (maskedCrc32c(bytes) !== crc32c)
      throw file.damaged('elements with their check sum', `another for ${name}`);
    return new Float32Array(bytes.buffer);
  };
  return { shape, dtype, read };
}

/**
 * The TensorFlow checkpoint that a path stands for: one of its files, what their names have in common, or the folder
 * that they are in, where a file `checkpoint` says which of several is meant.
 *
 * @returns what its files' names have in common; undefined when the path is something else.
 * @throws UserError when a folder has several checkpoints and does not say which.
 */
export function tensorBundlePrefix(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return prefixIn(path);
  const prefix = path.replace(/\.(index|meta|data-\d{5}-of-\d{5})$/, '');
  if (stats) return prefix === path ? undefined : prefix;
  return existsSync(`${path}.index`) ? path : undefined;
}

function prefixIn(folder: string): string | undefined {
  const state = join(folder, 'checkpoint');
  const stated = isFile(state) && /^model_checkpoint_path: "(.*)"$/m.exec(readFileSync(state, 'utf8'))?.[1];
  // The path may be that of another machine; the files are where the folder is now.
  if (stated) return join(folder, basename(stated));
  const indices = readdirSync(folder).filter((name) => name.endsWith('.index'));
  if (indices.length > 1)
    throw new UserError('A folder holds several TensorFlow checkpoints.', {
      where: folder,
      expected: 'one, or a file `checkpoint` that says which',
      got: indices.slice(0, 6).join(', '),
      fix: `name the one that is meant: --from ${join(folder, indices[0])}`,
    });
  return indices[0] && join(folder, indices[0].slice(0, -'.index'.length));
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The first entry of an index (tensorflow/core/protobuf/tensor_bundle.proto), as far as it is read here. */
interface BundleHeader {
  readonly numShards: number;
  /** 0 is little, 1 is big. */
  readonly endianness: number;
}

/** What an index says of a variable. */
interface BundleEntry {
  /** As tensorflow/core/framework/types.proto numbers them. */
  readonly dtype: number;
  readonly shape: { readonly dim: readonly { readonly size: number }[] };
  readonly shardId: number;
  /** Of the elements in the shard. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Of the elements, masked. */
  readonly crc32c: number;
  /** Of a variable that is stored in pieces. */
  readonly slices: readonly object[];
}

const messages = defineMessages({
  BundleHeaderProto: [
    ['numShards', 1, 'int32'],
    ['endianness', 2, 'int32'],
  ],
  BundleEntryProto: [
    ['dtype', 1, 'int32'],
    ['shape', 2, 'TensorShapeProto'],
    ['shardId', 3, 'int32'],
    ['offset', 4, 'int64'],
    ['size', 5, 'int64'],
    ['crc32c', 6, 'fixed32'],
    ['slices', 7, 'TensorSliceProto[]'],
  ],
  TensorShapeProto: [['dim', 2, 'Dim[]']],
  Dim: [['size', 1, 'int64']],
  TensorSliceProto: [],
});

function decoder<T>(name: string): (bytes: Uint8Array) => T {
  const type = messages.lookupType(name);
  const options = { longs: Number, arrays: true, defaults: true };
  return (bytes) => type.toObject(type.decode(bytes), options) as unknown as T;
}

/** Both throw when the bytes are no such message. */
const decodeHeader = decoder<BundleHeader>('BundleHeaderProto');
const decodeEntry = decoder<BundleEntry>('BundleEntryProto');
