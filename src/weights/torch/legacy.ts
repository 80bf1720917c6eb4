/**
 * PyTorch's file format up to version 1.5: pickles of a magic number, the format's version, the system, the object and
 * the list of its storages' keys, then for each key the number of elements (int64) and the elements, little-endian.
 * torch/serialization.py, `_legacy_load`.
 */
import { UserError } from '../../runtime/errors.ts';
import type { FileBytes } from '../../runtime/file-bytes.ts';
import { MAX_PICKLE_BYTES, type TorchContent } from './content.ts';
import { PickleInput } from './pickle-input.ts';
import { describe, type PickleValue } from './pickle-values.ts';
import { unpickle } from './unpickler.ts';
import { TorchVocabulary } from './vocabulary.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Reads the object of a file of the old form, but for its tensors' elements. Throws a UserError when it is damaged. */
export function readLegacy(file: FileBytes): TorchContent {
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
  // The system that wrote it: elements are little-endian whatever it was.
  next();
  const value = next();
  const keys = next();
  return { value, starts: locate(file, position, keys, vocabulary), bigEndian: false };
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
