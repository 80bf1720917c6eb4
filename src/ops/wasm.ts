/** TF.js's WebAssembly backend in this process: the kernels that a page runs, without the page. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { tf } from './tf.ts';

const require = createRequire(import.meta.url);
const PACKAGE = '@tensorflow/tfjs-backend-wasm';

/** Does some work with WebAssembly as TF.js's backend, and the one before afterwards. */
export async function onWasm<T>(work: () => T | Promise<T>): Promise<T> {
  const { setWasmPaths } = require(PACKAGE) as { setWasmPaths(folder: string): void };
  const usual = tf.getBackend();
  if (!tf.findBackend('wasm')) setWasmPaths(join(dirname(require.resolve(PACKAGE)), '/'));
  await tf.setBackend('wasm');
  try {
    return await work();
  } finally {
    await tf.setBackend(usual);
  }
}
