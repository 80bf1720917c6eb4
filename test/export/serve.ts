/** Serves exports, and the runtimes that run them as their makers publish them, on the loopback. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const inDist = (name: string) => join(dirname(require.resolve(`${name}/package.json`)), 'dist');

/** Folders of files for browsers. */
const RUNTIMES: Readonly<Record<string, string>> = {
  tf: inDist('@tensorflow/tfjs'),
  'tf-wasm': inDist('@tensorflow/tfjs-backend-wasm'),
  'tf-webgpu': inDist('@tensorflow/tfjs-backend-webgpu'),
  ort: dirname(require.resolve('onnxruntime-web')),
};

/** Scripts that make the globals `tf` and `ort`, with all their backends. */
export const RUNTIME_SCRIPTS = [
  '/tf/tf.min.js',
  '/tf-wasm/tf-backend-wasm.min.js',
  '/tf-webgpu/tf-backend-webgpu.min.js',
  '/ort/ort.webgpu.min.js',
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves folders by name (`/NAME/...`), the runtimes' too. Pages may have threads that share memory.
 *
 * @param pages other files, by path.
 */
export async function serve(
  folders: Readonly<Record<string, string>>,
  pages: Readonly<Record<string, string>>,
): Promise<Site> {
  const known = new Map(Object.entries({ ...RUNTIMES, ...folders }));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Type', TYPES[extname(pathname)] ?? 'application/octet-stream');
    if (Object.hasOwn(pages, pathname)) return void response.end(pages[pathname]);
    const [, name, ...rest] = pathname.split('/');
    const file = known.has(name) ? join(known.get(name)!, ...rest) : undefined;
    if (file && statSync(file, { throwIfNoEntry: false })?.isFile()) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page of scripts; modules where they end in `.mjs`. */
export const pageOf = (...scripts: string[]): string =>
  [
    '<!doctype html><title>export</title><link rel="icon" href="data:,">',
    ...scripts.map((src) => `<script${src.endsWith('.mjs') ? ' type="module"' : ''} src="${src}"></script>`),
  ].join('\n');

/** A program as one module with all that it imports. */
export async function bundle(program: string): Promise<string> {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const stdin = { contents: program, resolveDir, loader: 'ts' } as const;
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    write: false,
    format: 'esm',
    // What a page's own module does counts, though the package's modules are said to do nothing by being imported.
    ignoreAnnotations: true,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}
