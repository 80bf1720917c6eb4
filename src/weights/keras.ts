/** Keras 3 weight files (`*.weights.h5`, HDF5), read with h5wasm. */
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
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
  const answer = await inThread(path, size);
  if ('arrays' in answer) return answer.arrays;
  throw unreadable(path, `a damaged file (${answer.failure.split('\n')[0].slice(0, 200)})`);
}

type Answer = { readonly arrays: Map<string, NamedArray> } | { readonly failure: string };

/** The thread's answer. A thread that ends without one counts as failed. */
function inThread(path: string, size: number): Promise<Answer> {
  return new Promise((answer) => {
    const worker = new Worker(new URL('./keras-worker.mjs', import.meta.url), {
      workerData: { path, size },
      execArgv: [],
    });
    worker.on('message', answer);
    worker.on('error', (error) => answer({ failure: error.message }));
    worker.on('exit', (code) => answer({ failure: `reading stopped with code ${code}` }));
  });
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
