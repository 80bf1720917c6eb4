/** Files that are written whole or not at all, their check sums, and reads of files that may be damaged. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { access, constants, type FileHandle, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import type { z } from 'zod';
import { UserError } from './errors.ts';
import { explainSystemError } from './system-errors.ts';

/** Most systems take names of at most so many bytes. */
export const LONGEST_NAME = 255;

/** A path that begins with `~/` as one below the user's folder, as shells expand it; others as they are. */
export function expandHome(path: string): string {
  if (!path.startsWith('~/')) return path;
  try {
    return join(homedir(), path.slice(2));
  } catch {
    throw new UserError('A path begins with ~, and this user has no home folder.', {
      where: path,
      expected: 'the environment variable HOME, or a user that the system knows',
      fix: 'write the path out, or set HOME',
    });
  }
}

/** A name beside `path`, for what is not whole yet; of a long name the beginning, so that it does not become too long. */
function temporaryName(path: string): string {
  const ending = `.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  let name = basename(path);
  while (Buffer.byteLength(name + ending) > LONGEST_NAME) name = [...name].slice(0, -1).join('');
  return join(dirname(path), name + ending);
}

/**
 * The error of reading or writing an open file, with the file's path: the system leaves it out where it is told a handle.
 * Any other error as it is.
 */
export function nameFile(error: unknown, path: string): unknown {
  const known = error as NodeJS.ErrnoException;
  if (error instanceof Error && known.syscall !== undefined) known.path ??= path;
  return error;
}

/**
 * What looking for a file or folder gives; undefined where there is none. A disk that fails says nothing of that, so
 * its errors are thrown.
 */
export async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * A file's bytes. Node's own `readFile` takes the system's answer of fewer bytes than it asked for as the file's end.
 */
export async function readBytes(path: string | URL): Promise<Buffer> {
  try {
    return await buffer(createReadStream(path));
  } catch (error) {
    throw nameFile(error, String(path));
  }
}

/** A file's text, see {@link readBytes}. */
export async function readText(path: string | URL): Promise<string> {
  return (await readBytes(path)).toString();
}

/** Reads as many bytes as `target` has, or those up to the file's end. Returns how many these are. */
export function readFully(file: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    // Systems read at most 2 GB at once, and may read less than they are asked for.
    const count = readSync(file, target, done, Math.min(target.length - done, 2 ** 30), position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** A range of a file's bytes, or those of it that come before the file's end. */
export async function readRange(path: string, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const file = await open(path, 'r');
  try {
    let done = 0;
    for (let count = -1; count !== 0 && done < length; done += count)
      count = (await file.read(bytes, done, length - done, position + done)).bytesRead;
    return bytes.subarray(0, done);
  } catch (error) {
    throw nameFile(error, path);
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder, so that it is told before long work if it cannot be written to.
 *
 * @param where the flag that names it. @throws UserError
 */
export async function requireWritableFolder(folder: string, where: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { got, fix } = explainSystemError(error)?.details ?? {};
    throw new UserError('The results cannot be written there.', {
      where: `${where} ${folder}`,
      expected: 'a folder, or a place for one',
      got: got ?? (error as Error).message,
      fix: fix ?? `choose another folder with ${where}`,
    });
  }
}

/**
 * What a small JSON file of our own holds; undefined where there is none, or it is damaged, and is to be made anew.
 *
 * @param form that it was written with.
 */
export async function readState<T>(path: string, form: z.ZodType<T>): Promise<T | undefined> {
  const text = await ifThere(readText(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return form.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file through `write` under a temporary name beside it, syncs it and gives it its name. When `write`
 * fails the temporary file is removed and what stood under the name stays. Makes missing parent folders.
 */
export async function writeAtomically<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = temporaryName(path);
  try {
    const result = await writeSynced(temporary, write);
    await replaceFile(temporary, path);
    await syncFolder(folder);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a new file through `write` and brings it to the disk. */
async function writeSynced<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'wx');
  try {
    const result = await write(file);
    await ifSupported(file.sync());
    return result;
  } catch (error) {
    throw nameFile(error, path);
  } finally {
    await file.close();
  }
}

/** Replaces the file by `data`, see {@link writeAtomically}. */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  await writeAtomically(path, (file) => file.writeFile(data));
}

/**
 * Writes texts, by file name, into a folder, which is made if it is missing. Files that bear these names stay as they are
 * until all texts are written.
 */
export async function writeFilesTogether(
  folder: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = Object.entries(texts).map(([name, text]) => {
    const path = join(folder, name);
    return { path, text, temporary: temporaryName(path) };
  });
  try {
    for (const { temporary, text } of files) await writeSynced(temporary, (file) => file.writeFile(text));
    for (const { temporary, path } of files) await replaceFile(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of files) await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Fills a folder under a temporary name beside `path` and then gives it its name. When `fill` fails nothing is left.
 * Makes missing parent folders.
 *
 * @param putInPlace gives the filled folder its name; by default nothing may stand under it.
 */
export async function makeFolderAtomically<T>(
  path: string,
  fill: (folder: string) => Promise<T>,
  putInPlace: (folder: string, path: string) => Promise<void> = renameSynced,
): Promise<T> {
  const full = resolve(path);
  const temporary = temporaryName(full);
  await mkdir(dirname(full), { recursive: true });
  // A name that the system does not take is told before the work.
  await lstat(full).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  // Not in one call: that would say of a read-only disk that there is no such folder.
  await mkdir(temporary);
  try {
    const result = await fill(temporary);
    await putInPlace(temporary, full);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** What file systems answer that have no hard links, or no more of them for one file. */
const UNLINKABLE = new Set('EPERM EACCES ENOTSUP EOPNOTSUPP ENOSYS EINVAL EMLINK EXDEV'.split(' '));

/** Gives a file that is never written to again another name; where the file system has no hard links, a copy. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!UNLINKABLE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await writeSynced(to, async (file) => {
      for await (const chunk of createReadStream(from)) await file.writeFile(chunk as Buffer);
    });
  }
}

async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Makes a rename inside the folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  await ifSupported(
    open(folder, 'r').then(async (handle) => {
      try {
        await handle.sync();
      } catch (error) {
        throw nameFile(error, folder);
      } finally {
        await handle.close();
      }
    }),
  );
}

/** What file systems answer that cannot do something at all: network shares, FUSE, exFAT. */
const UNSUPPORTED = new Set('EINVAL ENOTSUP EOPNOTSUPP ENOSYS EPERM EACCES EISDIR EBADF ENOTTY'.split(' '));

/** Lets pass that a file system has no way to bring files to the disk at once. */
async function ifSupported(syncing: Promise<void>): Promise<void> {
  try {
    await syncing;
  } catch (error) {
    if (!UNSUPPORTED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Gives a file its name, in place of what stands there; in two moves where the file system renames to free names only. */
async function replaceFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['EEXIST', 'EPERM', 'EACCES', 'EBUSY', 'ENOTSUP'].includes(code ?? '')) throw error;
    const old = temporaryName(to);
    await rename(to, old).catch(() => {
      throw error;
    });
    try {
      await rename(from, to);
    } catch (again) {
      await rename(old, to);
      throw again;
    }
    await rm(old, { force: true });
  }
}

/** SHA-256 of a file's bytes, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw nameFile(error, path);
  }
  return hash.digest('hex');
}

/** How much of a file is in memory while its check sum is computed, bytes. */
const CHUNK = 2 ** 20;

/** Small ranges that lie near each other are read together, so many bytes at once. */
const WINDOW = 2 ** 16;

/** Positioned reads of one file. Nothing is allocated for a range before it is known to lie within the file. */
export class FileBytes {
  readonly path: string;
  readonly size: number;
  readonly #format: string;
  readonly #descriptor: number;
  /** What was last read together, and where that begins in the file. */
  #window = { begin: 0, bytes: new Uint8Array() };

  /**
   * Opens a file. Throws a UserError when it is none, or cannot be read.
   *
   * @param format for messages, for example `PyTorch file`.
   */
  constructor(path: string, format: string) {
    this.path = path;
    this.#format = format;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw new UserError('A weight file cannot be opened.', {
        where: path,
        got: (error as Error).message,
        fix: explainSystemError(error)?.details.fix,
      });
    }
    const status = fstatSync(this.#descriptor);
    this.size = status.size;
    if (status.isFile()) return;
    closeSync(this.#descriptor);
    throw new UserError('A weight file cannot be opened.', {
      where: path,
      expected: 'a regular file',
      got: 'a folder or device',
    });
  }

  /** The bytes of a range, in memory of their own. Throws a UserError when the file ends before the range does. */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    this.#requireRange(position, length);
    if (length >= WINDOW) return this.#readWhole(position, length);
    const end = this.#window.begin + this.#window.bytes.length;
    if (position < this.#window.begin || position + length > end) {
      const bytes = this.#readWhole(position, Math.min(WINDOW, this.size - position));
      this.#window = { begin: position, bytes };
    }
    const begin = position - this.#window.begin;
    return this.#window.bytes.slice(begin, begin + length);
  }

  #readWhole(position: number, length: number): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(length);
    let done: number;
    try {
      done = readFully(this.#descriptor, target, position);
    } catch (error) {
      throw nameFile(error, this.path);
    }
    if (done < length) throw this.damaged('the size it had', 'a file that was cut off while it was read');
    return target;
  }

  /** CRC-32 of a range, read in pieces. */
  crc32(position: number, length: number): number {
    this.#requireRange(position, length);
    let value = 0;
    for (let done = 0; done < length; done += CHUNK)
      value = crc32(this.read(position + done, Math.min(CHUNK, length - done)), value);
    return value;
  }

  #requireRange(position: number, length: number): void {
    const sound =
      Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
    if (!sound || position + length > this.size)
      throw this.damaged(`${length} bytes at offset ${position}`, `the file's end after ${this.size} bytes`);
  }

  /** The error of a file that is not what it says it is. */
  damaged(expected: string, got: string): UserError {
    return new UserError(`A ${this.#format} is damaged.`, {
      where: this.path,
      expected,
      got,
      fix: 'download or copy the file again, and compare its size with the original’s',
    });
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#window = { begin: 0, bytes: new Uint8Array() };
  }
}
