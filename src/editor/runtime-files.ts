/** The files of onnxruntime-web that the page loads for inference in itself. */
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where the page finds them, relative to itself. */
export const runtimeFolder = 'ort';

const names = [
  'ort.wasm.min.mjs',
  'ort-wasm-simd-threaded.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.min.mjs',
  'ort-wasm-simd-threaded.asyncify.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

export interface RuntimeFile {
  readonly name: string;
  readonly type: string;
  readonly path: string;
  readonly bytes: number;
}

export function runtimeFiles(): Promise<RuntimeFile[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript; charset=utf-8';
      return { name, type, path, bytes: (await stat(path)).size };
    }),
  );
}
