/** The library that lets one operation on files fail (shim.c): compiles it, and tells it which. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants as files, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('shim.c', import.meta.url));

/** Why this machine cannot have it, in words; undefined where it can. */
export function unsupported(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux (LD_PRELOAD)';
  return compiler() === undefined ? 'it needs a C compiler (cc)' : undefined;
}

const compiler = (): string | undefined =>
  ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Compiles it into a folder. Returns the library's path. */
export function compileShim(folder: string): string {
  const library = join(folder, 'shim.so');
  const { status, stderr } = spawnSync(compiler()!, [
    '-O1',
    '-shared',
    '-fPIC',
    '-o',
    library,
    source,
    '-ldl',
  ]);
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
  return library;
}

/** Where the fields of `struct control` in shim.c lie. */
const BYTES = 4 * 4 + 1000;
const [COUNT, AT, DRAW, FIRED, WHAT] = [0, 4, 8, 12, 16];
const SHORT = -1;
const KILLED = -2;

/** What became of the operation that was to fail. */
export interface Fired {
  /** `EIO`, `short` for one that does less than was asked for, `kill`, ... */
  readonly how: string;
  /** The operation and its path. */
  readonly what: string;
}

/** The file through which the test and the library talk; the program under test has mapped it. */
export class Control {
  readonly path: string;
  readonly #file: number;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, files.O_RDWR | files.O_CREAT);
    this.arm(0, 0);
  }

  /** Counts anew. @param at the operation that is to fail, from 1 on; 0 for none. @param draw picks how. */
  arm(at: number, draw: number): void {
    const bytes = Buffer.alloc(BYTES);
    bytes.writeInt32LE(at, AT);
    bytes.writeInt32LE(draw, DRAW);
    writeSync(this.#file, bytes, 0, BYTES, 0);
  }

  #read(): Buffer {
    const bytes = Buffer.alloc(BYTES);
    readSync(this.#file, bytes, 0, BYTES, 0);
    return bytes;
  }

  /** Operations since it was armed. */
  get count(): number {
    return this.#read().readInt32LE(COUNT);
  }

  get fired(): Fired | undefined {
    const bytes = this.#read();
    const code = bytes.readInt32LE(FIRED);
    if (code === 0) return undefined;
    const names = Object.entries(constants.errno).filter(([, value]) => value === code);
    const how = code === SHORT ? 'short' : code === KILLED ? 'kill' : (names[0]?.[0] ?? String(code));
    return { how, what: bytes.toString('utf8', WHAT, bytes.indexOf(0, WHAT)) };
  }

  close(): void {
    closeSync(this.#file);
  }
}
