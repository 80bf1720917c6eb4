/** Weights in files of PyTorch's torch.save, old and new, read without Python: no code in a file is ever run. */
import { UserError } from '../../runtime/errors.ts';
import { FileBytes } from '../../runtime/files.ts';
import { describe, PickleInput, PickleTuple, type PickleValue, unpickle } from './pickle.ts';
import {
  MAX_PICKLE_BYTES,
  type TensorValues,
  TensorView,
  type TorchContent,
  TorchVocabulary,
} from './tensors.ts';
import { readZip } from './zip.ts';

interface TorchTensor {
  readonly shape: readonly number[];
  /** As PyTorch names it, for example `float32` or `bfloat16`. */
  readonly dtype: string;
  /**
   * Reads the elements, row-major whatever the strides: single precision for floating-point tensors, numbers for integers
   * and booleans. Throws a UserError when the file has become shorter, or is too small for an expanded tensor.
   */
  read(): TensorValues;
}

export interface TorchFile {
  /** By key, in the file's order; keys of nested dictionaries are joined by dots. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Python's objects beside them, which are left out: nothing of them is run. */
  readonly leftOut: readonly string[];
  /** After this no tensor can be read. */
  close(): void;
}

/** Whether a file that begins with these bytes may be one of PyTorch's: a zip archive or a pickle. */
export function looksLikeTorch(head: Uint8Array): boolean {
  return isZip(head) || isPickle(head);
}

/**
 * Opens a file of torch.save: of the form up to PyTorch 1.5 or the zip form since. Elements are read later, each tensor's
 * by itself.
 *
 * @throws UserError when it cannot be read, is damaged, or holds no tensors.
 */
export async function openTorchFile(path: string): Promise<TorchFile> {
  const file = new FileBytes(path, 'PyTorch file');
  try {
    const head = file.read(0, Math.min(4, file.size));
    if (!looksLikeTorch(head)) throw notTorch(path, head);
    const { value, starts, bigEndian, unknown } = isZip(head) ? await readZip(file) : readLegacy(file);
    const tensors = [...flatten(value, path, unknown)].map(([key, view]): [string, TorchTensor] => {
      const { storage, shape } = view;
      const start = starts.get(storage.key);
      if (start === undefined) throw new Error(`The place of storage ${storage.key} is not known`);
      return [key, { shape, dtype: storage.type.name, read: () => view.read(file, start, bigEndian) }];
    });
    return { tensors: new Map(tensors), leftOut: [...unknown], close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

const isZip = (head: Uint8Array): boolean => Buffer.from(head).toString('latin1') === 'PK\x03\x04';
/** A pickle of protocol 2 or later. */
const isPickle = (head: Uint8Array): boolean => head[0] === 0x80 && head[1] >= 2 && head[1] <= 5;

function notTorch(path: string, head: Uint8Array): UserError {
  return new UserError('A file is not one of PyTorch’s.', {
    where: path,
    expected: 'a file that torch.save wrote',
    got: head.length === 0 ? 'an empty file' : `a file that begins with the bytes ${[...head].join(' ')}`,
  });
}

const MAX_DEPTH = 16;
const MAX_ENTRIES = 100_000;

/**
 * The tensors in nested dictionaries and lists by their keys, joined by dots: `{'state_dict': {'conv1.weight': t}}` gives
 * `state_dict.conv1.weight`, and the second tensor of a list `list.1`. What is no tensor is left out.
 *
 * @param path the file, for messages.
 * @throws UserError when there is no tensor, two have one name, or the nesting has no end.
 */
function flatten(value: PickleValue, path: string, unknown: ReadonlySet<string>): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  let visited = 0;
  const refuse = (expected: string, got: string) =>
    new UserError('A PyTorch file does not hold a state dict.', {
      where: path,
      expected,
      got,
      fix: 'in Python, save the weights alone: torch.save(model.state_dict(), "weights.pth")',
    });
  const visit = (item: PickleValue, name: string, depth: number): void => {
    visited += 1;
    if (visited > MAX_ENTRIES || depth > MAX_DEPTH)
      throw refuse(`at most ${MAX_ENTRIES} entries in ${MAX_DEPTH} levels`, 'more');
    if (item instanceof TensorView) {
      if (tensors.has(name)) throw refuse('a name of its own for every tensor', `two named ${name}`);
      tensors.set(name, item);
      return;
    }
    for (const [key, child] of childrenOf(item)) {
      if (typeof key === 'string' || typeof key === 'number')
        visit(child, name === '' ? String(key) : `${name}.${key}`, depth + 1);
    }
  };
  visit(value, '', 0);
  if (tensors.size === 0 && unknown.size > 0)
    throw new UserError('A PyTorch file holds more than weights.', {
      where: path,
      expected: 'a state dict: tensors by name, and plain values beside them',
      got: `an object of Python's ${[...unknown].slice(0, 3).join(', ')}, which is not run here`,
      fix: 'in Python, save the weights alone: torch.save(model.state_dict(), "weights.pth")',
    });
  if (tensors.size === 0 || tensors.has(''))
    throw refuse(
      'a dictionary of tensors by name',
      value instanceof Map ? 'no tensor in it' : describe(value),
    );
  return tensors;
}

function childrenOf(value: PickleValue): Iterable<readonly [PickleValue, PickleValue]> {
  if (value instanceof Map) return value;
  if (value instanceof PickleTuple) return value.items.entries();
  return Array.isArray(value) ? value.entries() : [];
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/**
 * Reads the object of a file of the form up to PyTorch 1.5, but for its tensors' elements: pickles of a magic number, the
 * format's version, the system, the object and the list of its storages' keys, then for each key the number of elements
 * (int64) and the elements, little-endian (torch/serialization.py, `_legacy_load`). Throws a UserError when it is damaged.
 */
function readLegacy(file: FileBytes): TorchContent {
  const vocabulary = new TorchVocabulary(file);
  let position = 0;
  const next = (): PickleValue => {
    const input = new PickleInput(file, position, Math.min(file.size, position + MAX_PICKLE_BYTES));
    const value = unpickle(input, vocabulary);
    position = input.position;
    return value;
  };
  const magic = next();
  if (magic !== MAGIC) {
    throw new UserError('A file is a Python pickle, but not PyTorch’s.', {
      where: file.path,
      expected: 'a file that torch.save wrote',
      got: `a pickle that begins with ${describe(magic)}`,
      fix: 'in Python, load it and save its tensors with torch.save(state_dict, "weights.pth")',
    });
  }
  const version = next();
  if (version !== VERSION) throw file.damaged(`version ${VERSION} of the format`, describe(version));
  // The properties of the system that wrote the file. Its byte order does not matter: elements are little-endian.
  next();
  const value = next();
  const keys = next();
  return {
    value,
    starts: locate(file, position, keys, vocabulary),
    bigEndian: false,
    unknown: vocabulary.unknown,
  };
}

function locate(
  file: FileBytes,
  position: number,
  keys: PickleValue,
  { storages }: TorchVocabulary,
): Map<string, number> {
  if (!Array.isArray(keys)) throw file.damaged('the list of the storages’ keys', describe(keys));
  const starts = new Map<string, number>();
  let at = position;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || starts.has(storage.key))
      throw file.damaged('each storage of the object once', `the key ${describe(key)}`);
    const length = Buffer.from(file.read(at, 8)).readBigInt64LE();
    if (length !== BigInt(storage.wholeLength))
      throw file.damaged(`${storage.wholeLength} elements at offset ${at}`, `${length}`);
    starts.set(storage.key, at + 8);
    at += 8 + storage.wholeLength * storage.type.bytes;
    if (at > file.size) throw file.damaged(`at least ${at} bytes`, `${file.size}`);
  }
  const missing = [...storages.keys()].find((key) => !starts.has(key));
  if (missing !== undefined) throw file.damaged(`elements of storage ${missing.slice(0, 80)}`, 'none');
  return starts;
}
