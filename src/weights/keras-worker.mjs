/**
 * The thread that reads a Keras weight file: `{ path, size }` as its data; posts `{ arrays }` or `{ failure }`, a text.
 * Plain JavaScript in a thread of its own, because tsx, where it has a hand in it, takes seconds and half a gigabyte
 * over h5wasm, which has its WebAssembly within its source.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readArrays } from './keras-reader.mjs';

/** h5wasm throws plain texts, too. */
const messageOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

try {
  const arrays = await readArrays(workerData.path, workerData.size);
  const buffers = [...arrays.values()].map(({ data }) => data.buffer);
  parentPort?.postMessage({ arrays }, buffers);
} catch (error) {
  parentPort?.postMessage({ failure: messageOf(error) });
}
