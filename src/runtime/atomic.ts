/** Files and folders that appear under their name only when they are whole and on the disk. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A name beside `path`, for what is not whole yet. */
export const temporaryName = (path: string): string =>
  `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;

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
    await rename(temporary, path);
    await syncFolder(folder);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a new file through `write` and brings it to the disk. */
export async function writeSynced<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'wx');
  try {
    const result = await write(file);
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

/** Replaces the file by `data`, see {@link writeAtomically}. */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  await writeAtomically(path, (file) => file.writeFile(data));
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

async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Makes a rename inside the folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
