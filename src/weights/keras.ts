/** Keras 3 weight files (`*.weights.h5`, HDF5), read with h5wasm. */
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { Threads } from '../runtime/workers.ts';

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
  // On a thread of its own, because tsx, where it has a hand in it, takes seconds and half a gigabyte over h5wasm, which
  // has its WebAssembly within its source; and because a damaged file can make h5wasm end the thread.
  const thread = new Threads<typeof import('./keras-reader.mjs')>(
    new URL('./keras-reader.mjs', import.meta.url),
  );
  try {
    return await thread.run('readArrays', [path, size]);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0].slice(0, 200);
    throw unreadable(path, `a damaged file (${reason})`);
  } finally {
    await thread.close();
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

function unreadable(path: string, got: string): UserError {
  return new UserError('A weight file cannot be read.', {
    where: resolve(path),
    expected: 'a Keras weight file (HDF5)',
    got,
    fix: 'Delete the file and run `npm run doctor`, which says how to install it again.',
  });
}
