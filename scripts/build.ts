/**
 * `npm run build`: makes of src what the npm package consists of, in `dist`: JavaScript and its types, the editor's page, the
 * lock file of the engine's packages, and of each model in `pretrained/` an ONNX file.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage } from '../src/editor/page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** What set-up installs for the package at its first use: native code and all that must share its TensorFlow.js. */
const ENGINE = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-backend-wasm',
  '@vladmandic/face-api',
  'node-api-headers',
];

// Models are kept, since it takes a while to make them; models.ts knows whether they are those of pretrained/.
for (const name of existsSync(dist) ? readdirSync(dist) : [])
  if (name !== 'pretrained') rmSync(join(dist, name), { recursive: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
nameJavaScript();
for (const [name, { body }] of await bundlePage()) write(join('editor/web', name), body);
const samples = 'editor/samples/pictures';
cpSync(join(root, 'src', samples), join(dist, samples), { recursive: true });
write('engine-lock.json', `${JSON.stringify(engineLock(), null, 1)}\n`);
if (existsSync(join(root, 'pretrained'))) {
  // TensorFlow is loaded for models alone.
  const { buildModels } = await import('./build-models.ts');
  await buildModels(join(root, 'pretrained'), join(dist, 'pretrained'));
}

function write(name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(dist, name)), { recursive: true });
  writeFileSync(join(dist, name), content);
}

/** Gives modules the extension that they have now, where tsc leaves it: in declarations, and in the addresses of threads' modules. */
function nameJavaScript(): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!/^\.m?[jt]s$/.test(extname(name))) continue;
    const path = join(dist, name);
    const text = readFileSync(path, 'utf8');
    const named = text.replace(/((?:from |import\(|new URL\()['"]\.\.?\/[^'"]*)\.ts(['"])/g, '$1.js$2');
    if (named !== text) writeFileSync(path, named);
  }
}

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
}

/** The part of package-lock.json that the engine's packages and what they depend on take, as a lock file of its own. */
function engineLock() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const all: Record<string, LockEntry> = lock.packages;
  const taken = new Map<string, LockEntry>();
  const take = (name: string, from: string) => {
    for (
      let folder = from;
      ;
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))
    ) {
      const path = `${folder ? `${folder}/` : ''}node_modules/${name}`;
      if (all[path]) {
        add(path);
        return;
      }
      // An optional one for another platform.
      if (folder === '') return;
    }
  };
  const add = (path: string) => {
    if (taken.has(path)) return;
    const { dev: _, ...entry } = all[path];
    taken.set(path, entry);
    const needed = { ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies };
    for (const name of Object.keys(needed)) take(name, path);
  };
  for (const name of ENGINE) take(name, '');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const head = {
    name: 'deep-plastic-surgery-engine',
    dependencies: Object.fromEntries(ENGINE.map((name) => [name, devDependencies[name]])),
  };
  const packages = { '': head, ...Object.fromEntries([...taken].sort(([a], [b]) => (a < b ? -1 : 1))) };
  return { name: head.name, lockfileVersion: lock.lockfileVersion, requires: true, packages };
}
