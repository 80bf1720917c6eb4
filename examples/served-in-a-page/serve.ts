/**
 * A model in a page without code of this project: a checkpoint is exported to one ONNX graph, and `index.html` runs it by
 * onnxruntime-web. Exports the run that ../train-from-code.ts made, or the one that is named.
 *
 *     node --import tsx examples/served-in-a-page/serve.ts [RUN]
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { exportModel } from '../../src/index.ts';

const [checkpoint = 'runs/00001-from-code'] = process.argv.slice(2);
const out = 'exports/served-in-a-page';
if (!existsSync(out)) await exportModel({ checkpoint, out, formats: ['onnx'] });

/** Folders by the first part of an address. */
const folders: Readonly<Record<string, string>> = {
  '': import.meta.dirname,
  model: join(out, 'onnx'),
  ort: dirname(createRequire(import.meta.url).resolve('onnxruntime-web')),
};
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const [, first, ...rest] = normalize(pathname === '/' ? '/index.html' : pathname).split('/');
  const folder = folders[rest.length > 0 ? first : ''];
  const file = folder && join(folder, ...(rest.length > 0 ? rest : [first]));
  if (!file || !statSync(file, { throwIfNoEntry: false })?.isFile())
    return void response.writeHead(404).end();
  response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
  return void createReadStream(file).pipe(response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  console.log(`Open http://127.0.0.1:${port}/ (Ctrl-C ends it)`);
});
