/** Bundles the page: nothing of it is built beforehand, and nothing but its own files is ever read. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface PageFile {
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

/** The page's files by name, `index.html` and so on. */
export async function buildPage(): Promise<ReadonlyMap<string, PageFile>> {
  const bundle = await build({
    entryPoints: {
      main: web('main.ts'),
      studio: web('studio/worker.ts'),
      onnx: web('engines/onnx-worker.ts'),
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
  const add = (name: string, body: Uint8Array) =>
    files.set(name, { type: types[name.split('.').at(-1)!], body });
  for (const { path, contents } of bundle.outputFiles) add(path.split('/').at(-1)!, contents);
  for (const name of ['index.html', 'icon.svg']) add(name, await readFile(web(name)));
  return files;
}
