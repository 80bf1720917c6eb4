/** Keras 3 weight files (`*.weights.h5`, HDF5), read with h5wasm. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Dataset, File, Group, ready } from 'h5wasm/node';
import { UserError } from '../runtime/errors.ts';

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
 * @throws UserError when the file is missing or is no HDF5 file.
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
    throw new UserError('A weight file cannot be read.', {
      where: resolve(path),
      expected: 'a Keras weight file (HDF5)',
      got: 'a file without the signature of HDF5: damaged, or of another kind',
      fix: 'Delete the file and run `npm run doctor`, which says how to install it again.',
    });
  }
  await ready;
  const file = new File(path, 'r');
  const arrays = new Map<string, NamedArray>();
  try {
    collect(file, '', arrays);
  } finally {
    file.close();
  }
  return arrays;
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

function collect(group: Group, prefix: string, into: Map<string, NamedArray>): void {
  for (const key of group.keys()) {
    const entry = group.get(key);
    if (entry instanceof Group) collect(entry, `${prefix}${key}/`, into);
    else if (entry instanceof Dataset && entry.value instanceof Float32Array) {
      into.set(prefix + key, { shape: [...(entry.shape ?? [])], data: entry.value });
    }
  }
}
