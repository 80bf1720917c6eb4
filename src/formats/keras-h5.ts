/** Keras 3 weight files (`*.weights.h5`, HDF5), read with h5wasm. */
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Dataset, File, Group, ready } from 'h5wasm/node';
import { UserError } from '../runtime/errors.ts';

/** A group can lead back to itself, so that there is no end of them. */
const MAX_GROUPS = 5_000;
const MAX_DEPTH = 32;
const signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** A float32 array with its shape, row-major. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * All float32 data sets of a Keras weight file by their path within it, for example `block1/layers/conv2d/vars/0`
 * (a convolution's kernel, HWIO) and `.../vars/1` (its bias). Other types of data are left out.
 *
 * @throws UserError when the file is missing, damaged or no HDF5 file.
 */
export async function readKerasWeights(path: string): Promise<Map<string, NamedArray>> {
  if (!existsSync(path)) {
    throw new UserError('A weight file is missing.', {
      where: resolve(path),
      expected: 'a Keras weight file (.h5)',
      fix: 'Run `npm run doctor`: it shows what is installed and how to put it right.',
    });
  }
  if (!(await hasSignature(path))) {
    throw unreadable(path, 'a file without the signature of HDF5: damaged, or of another kind');
  }
  const { size } = await stat(path);
  // Without this HDF5 prints a trace of what it finds wrong, and goes on.
  (await ready).activate_throwing_error_handler();
  try {
    const file = new File(path, 'r');
    try {
      const arrays = new Map<string, NamedArray>();
      collect(file, '', { arrays, size, groups: 0 });
      return arrays;
    } finally {
      file.close();
    }
  } catch (error) {
    throw unreadable(path, `a damaged file (${messageOf(error)})`);
  }
}

async function hasSignature(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(signature.length), 0, signature.length, 0);
    return bytesRead === signature.length && buffer.equals(signature);
  } finally {
    await file.close();
  }
}

interface Collected {
  readonly arrays: Map<string, NamedArray>;
  /** Of the file, bytes: so much all arrays together can have, as Keras does not compress them. */
  readonly size: number;
  /** Visited so far. */
  groups: number;
}

function collect(group: Group, prefix: string, into: Collected): void {
  into.groups += 1;
  if (into.groups > MAX_GROUPS || prefix.split('/').length > MAX_DEPTH) throw new Error('groups without end');
  for (const key of group.keys()) {
    const entry = group.get(key);
    if (entry instanceof Group) collect(entry, `${prefix}${key}/`, into);
    else if (entry instanceof Dataset && entry.dtype === '<f')
      into.arrays.set(prefix + key, readArray(entry, into));
  }
}

function readArray(entry: Dataset, { arrays, size }: Collected): NamedArray {
  const shape = [...(entry.shape ?? [])];
  const taken = [...arrays.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const bytes = 4 * shape.reduce((product, side) => product * side, 1);
  if (!(taken + bytes <= size)) throw new Error(`arrays larger than the file, shape [${shape}]`);
  const data = entry.value;
  if (!(data instanceof Float32Array) || 4 * data.length !== bytes)
    throw new Error(`no array of shape [${shape}]`);
  return { shape, data };
}

function unreadable(path: string, got: string): UserError {
  return new UserError('A weight file cannot be read.', {
    where: resolve(path),
    expected: 'a Keras weight file (HDF5)',
    got,
    fix: 'Delete the file and run `npm run doctor`, which says how to install it again.',
  });
}

/** h5wasm throws plain texts, too. */
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 200);
