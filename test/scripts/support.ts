/** Checkouts and tools made up for testing the set-up, which is plain JavaScript and is loaded by its path. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A module of scripts/, by its path below that folder. */
export const script = (path: string) => import(join(root, 'scripts', path));

/** An empty folder that goes when the test ends. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dps-setup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A program in a folder, written in JavaScript; `args` holds its arguments. */
export function program(folder: string, name: string, body: string): void {
  const path = join(folder, name);
  write(
    path,
    `#!${process.execPath}\nconst fs = require('fs'), path = require('path');\nconst args = process.argv.slice(2);\n${body}\n`,
  );
  chmodSync(path, 0o755);
}

const LOCK = { packages: { '': {}, 'node_modules/@tensorflow/tfjs-node-gpu': { version: '4.22.0' } } };

/** A checkout with our scripts whose only npm package is tfjs-node-gpu. */
export function fakeCheckout(): string {
  const folder = emptyFolder();
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, '.npmrc'), join(folder, '.npmrc'));
  // Scripts that run before anything is installed take plain JavaScript from there.
  cpSync(join(root, 'src/runtime'), join(folder, 'src/runtime'), {
    recursive: true,
    filter: (from) => !from.endsWith('.ts'),
  });
  write(join(folder, 'package-lock.json'), JSON.stringify(LOCK));
  return folder;
}

/** The same as the npm package is installed: what set-up installs has a lock file of its own. */
export function fakePackage(): string {
  const folder = fakeCheckout();
  mkdirSync(join(folder, 'dist'));
  renameSync(join(folder, 'package-lock.json'), join(folder, 'dist/engine-lock.json'));
  return folder;
}

/** A native module that loads in Node by itself, to stand for the compiled addon. */
function someNativeModule(): string {
  const folder = join(root, 'node_modules/@rolldown');
  const name = readdirSync(folder).find((entry) => entry.startsWith('binding-'))!;
  return join(folder, name, readdirSync(join(folder, name)).find((file) => file.endsWith('.node'))!);
}

/**
 * A folder with npm, python3 (with pip) and c++ that do what the real ones would for a {@link fakeCheckout}, quickly,
 * and write each call to the file `calls`.
 */
export function fakeTools(): { path: string; calls: string } {
  const path = emptyFolder();
  const calls = join(path, 'calls');
  const note = (text: string) => `fs.appendFileSync(${JSON.stringify(calls)}, ${text} + '\\n');`;
  program(
    path,
    'npm',
    `${note("'npm ' + args[0]")}
    fs.mkdirSync('node_modules/@tensorflow/tfjs-node-gpu/binding', { recursive: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');`,
  );
  program(
    path,
    'python3',
    `if (args[0] === '-c') console.log(3);
    else if (args[2] === '--version') console.log('pip 24.0 from here (python 3.12)');
    else {
      const [name, version] = fs.readFileSync(args[args.indexOf('--requirement') + 1], 'utf8').split(' ')[0].split('==');
      ${note("'pip ' + name")}
      const stem = name.replaceAll('-', '_'), target = args[args.indexOf('--target') + 1];
      const folders = name.startsWith('nvidia') ? ['nvidia/' + stem + '/lib'] : [name.replace('-cpu', '').replaceAll('-', '_') + '/python'];
      for (const folder of [...folders, 'bin', stem + '-' + version + '.dist-info']) {
        fs.mkdirSync(path.join(target, folder), { recursive: true });
      }
    }`,
  );
  program(
    path,
    'c++',
    `${note("'c++'")} fs.copyFileSync(${JSON.stringify(someNativeModule())}, args[args.indexOf('-o') + 1]);`,
  );
  return { path, calls };
}
