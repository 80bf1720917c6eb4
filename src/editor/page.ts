/** The page's files. In a clone they are bundled when the editor starts, so that there is no build step. */
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBytes } from '../runtime/files.ts';
import { isPackage } from '../runtime/installation.mjs';

interface PageFile {
  readonly type: string;
  readonly body: Uint8Array;
}

const web = (name: string) => fileURLToPath(new URL(`./web/${name}`, import.meta.url));

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page's files by name, `index.html` and so on. The npm package has them as `npm run build` bundled them. */
export async function buildPage(): Promise<ReadonlyMap<string, PageFile>> {
  if (!isPackage()) return bundlePage();
  const files = new Map<string, PageFile>();
  for (const name of await readdir(web(''))) files.set(name, pageFile(name, await readBytes(web(name))));
  return files;
}

/** Makes the page's files of their sources. */
export async function bundlePage(): Promise<ReadonlyMap<string, PageFile>> {
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: {
      main: web('main.ts'),
      worker: web('worker/worker.ts'),
      onnx: web('engines/onnx-worker.ts'),
      'service-worker': web('service-worker.ts'),
      style: web('style/style.css'),
    },
    bundle: true,
    minify: true,
    write: false,
    outdir: '/',
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
  });
  const files = new Map<string, PageFile>();
  const add = (name: string, body: Uint8Array) => files.set(name, pageFile(name, body));
  for (const { path, contents } of bundle.outputFiles) add(basename(path), contents);
  for (const name of ['index.html', 'icon.svg']) add(name, await readBytes(web(name)));
  return files;
}

const pageFile = (name: string, body: Uint8Array): PageFile => ({
  type: types[extname(name).slice(1)],
  body,
});

/** Where the page finds the files of onnxruntime-web, relative to itself. */
export const runtimeFolder = 'ort';

const runtimeNames = [
  'ort.wasm.min.mjs',
  'ort-wasm-simd-threaded.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.min.mjs',
  'ort-wasm-simd-threaded.asyncify.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

interface RuntimeFile {
  readonly name: string;
  readonly type: string;
  readonly path: string;
  readonly bytes: number;
}

/** The files of onnxruntime-web that the page loads to compute results itself. */
export function runtimeFiles(): Promise<RuntimeFile[]> {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
  return Promise.all(
    runtimeNames.map(async (name) => {
      const path = join(folder, name);
      const type = name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript; charset=utf-8';
      return { name, type, path, bytes: (await stat(path)).size };
    }),
  );
}
