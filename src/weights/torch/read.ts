/** Weights in files of PyTorch's torch.save, old and new, read without Python: no code in a file is ever run. */
import { UserError } from '../../runtime/errors.ts';
import { FileBytes } from '../../runtime/file-bytes.ts';
import type { TensorValues } from './element-type.ts';
import { readLegacy } from './legacy.ts';
import { flatten } from './state-dict.ts';
import { readZip } from './zip.ts';

export interface TorchTensor {
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
 * @throws UserError when it cannot be read, is damaged, or holds anything but tensors and plain values.
 */
export async function openTorchFile(path: string): Promise<TorchFile> {
  const file = new FileBytes(path, 'PyTorch file');
  try {
    const head = file.read(0, Math.min(4, file.size));
    if (!looksLikeTorch(head)) throw notTorch(path, head);
    const { value, starts, bigEndian } = isZip(head) ? await readZip(file) : readLegacy(file);
    const tensors = [...flatten(value, path)].map(([key, view]): [string, TorchTensor] => {
      const { storage, shape } = view;
      const start = starts.get(storage.key)!;
      return [key, { shape, dtype: storage.type.name, read: () => view.read(file, start, bigEndian) }];
    });
    return { tensors: new Map(tensors), close: () => file.close() };
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
