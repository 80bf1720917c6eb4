/** Weights of Keras: HDF5 files (`.h5`), read with h5wasm, and models of Keras 3 (`.keras`), which hold such a file. */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { nameFile, readRange } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
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
      fix: `Run \`${npmRun()} doctor\`: it shows what is installed and how to put it right.`,
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
    throw unreadable(path, `a damaged file (${innermost((error as Error).message).slice(0, 200)})`);
  } finally {
    await thread.close();
  }
}

/** HDF5 tells what failed from its interface (`#000: FILE line N in FUNCTION(): text`) down to the cause. */
const innermost = (message: string): string =>
  [...message.matchAll(/#\d+: .*\(\): (.*)/g)].at(-1)?.[1] ?? message.split('\n')[0];

const WEIGHTS_ENTRY = 'model.weights.h5';
/** Within Keras' models the largest, NASNetLarge, has 0.4 GB, and VGG19 0.6 GB. */
const MAX_WEIGHTS_BYTES = 4e9;

/** Whether a file that begins with these bytes, at least 256, is a `.keras` file: a zip archive that begins with Keras' files. */
export function looksLikeKerasModel(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString('latin1');
  return (
    text.startsWith('PK\x03\x04') && /^(metadata\.json|config\.json|model\.weights\.h5)/.test(text.slice(30))
  );
}

/** As {@link readKerasWeights}, of the weights in a `.keras` file. */
export async function readKerasModel(path: string): Promise<Map<string, NamedArray>> {
  const folder = await mkdtemp(join(tmpdir(), 'keras-'));
  try {
    const weights = join(folder, WEIGHTS_ENTRY);
    await extractWeights(path, weights);
    return await readKerasWeights(weights);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function extractWeights(path: string, to: string): Promise<void> {
  try {
    const zip = await yauzl.openPromise(path, { autoClose: false });
    try {
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName !== WEIGHTS_ENTRY) continue;
        if (entry.uncompressedSize > MAX_WEIGHTS_BYTES)
          throw new Error(`${entry.uncompressedSize} bytes of weights`);
        return await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(to));
      }
      throw new Error(`no ${WEIGHTS_ENTRY} in it`);
    } finally {
      zip.close();
    }
  } catch (error) {
    // A disk that fails or is full says nothing of the archive.
    if (explainSystemError(error))
      throw nameFile(error, (error as NodeJS.ErrnoException).syscall === 'write' ? to : path);
    throw unreadable(path, `a damaged archive (${(error as Error).message.slice(0, 200)})`);
  }
}

async function hasSignature(path: string): Promise<boolean> {
  return signature.equals(await readRange(path, 0, signature.length));
}

function unreadable(path: string, got: string): UserError {
  return new UserError('A weight file cannot be read.', {
    where: resolve(path),
    expected: 'a Keras weight file (HDF5)',
    got,
    fix: `Delete the file and run \`${npmRun()} doctor\`, which says how to install it again.`,
  });
}
