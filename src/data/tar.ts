/**
 * Images in tar files, read in place. A tar file is a list of headers, each followed by its file's bytes; an index, made once by
 * going from header to header, says where each file lies. So any image can be read at any time, as from a folder: shuffling,
 * splits and resume are the same.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import { nameFile, readFully, readState } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { writeCacheFile } from './cache-file.ts';
import type { TarPart } from './types.ts';

/** A file in a tar file, by its name there. */
export interface TarEntry extends TarPart {
  readonly name: string;
}

/** What an index that is kept holds. */
const entriesForm = z.array(
  z.object({ name: z.string(), offset: z.number(), length: z.number(), mtimeMs: z.number() }),
);

const BLOCK = 512;
/** The most that records may say of a file, bytes; names are far shorter. */
const LONGEST_EXTENSION = 2 ** 20;

/**
 * The files in a tar file, sorted by name; of several of one name the last, as tar takes it. The index is kept in
 * `cache/tar-index`, by the tar file's path, size and time of change.
 *
 * @throws UserError when it is no tar file, is compressed, or ends early.
 */
export async function readTarIndex(path: string, cache: string): Promise<TarEntry[]> {
  const { size, mtimeMs } = await stat(path);
  const identity = createHash('sha256')
    .update(`${resolve(path)}\n${size}\n${mtimeMs}`)
    .digest('hex');
  const kept = join(cache, 'tar-index', `${identity.slice(0, 24)}.json`);
  const known = await readState(kept, entriesForm);
  if (known) return known;
  const entries = indexTar(path);
  await writeCacheFile(kept, JSON.stringify(entries));
  return entries;
}

/** The files in a tar file, see {@link readTarIndex}. */
export function indexTar(path: string): TarEntry[] {
  const file = openTar(path);
  try {
    const entries = new Map<string, TarEntry>();
    for (const entry of walk(file, path)) entries.set(entry.name, entry);
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    closeSync(file);
  }
}

function openTar(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new UserError('A tar file cannot be opened.', {
      where: path,
      got: (error as Error).message,
      fix: explainSystemError(error)?.details.fix,
    });
  }
}

function* walk(file: number, path: string): Generator<TarEntry> {
  const { size } = fstatSync(file);
  const refuse = (got: string) =>
    new UserError('A tar file cannot be used.', {
      where: path,
      expected: 'a whole tar file that is not compressed, as its images are read in place',
      got,
      fix: 'download or make it again; unpack a compressed one (gunzip, unzstd)',
    });
  const read = (offset: number, length: number): Buffer => {
    if (offset + length > size)
      throw refuse(`its end, after ${size} bytes, within what begins at byte ${offset}`);
    if (length > LONGEST_EXTENSION) throw refuse(`a name of ${length} bytes at byte ${offset}`);
    const bytes = Buffer.alloc(length);
    try {
      if (readFully(file, bytes, offset) < length) throw refuse('a file that was cut off while it was read');
    } catch (error) {
      throw nameFile(error, path);
    }
    return bytes;
  };
  // What records of their own say of the next file, or of all that follow: long names, large sizes.
  let next: Record<string, string> = {};
  let all: Record<string, string> = {};
  for (let at = 0; at < size; ) {
    const header = decodeHeader(read(at, BLOCK));
    if (header === 'end') return;
    if (header === undefined) throw refuse(`no header of a file at byte ${at}`);
    const offset = at + BLOCK;
    const isRecord = 'xgLK'.includes(header.type);
    const told: Record<string, string> = isRecord ? {} : { ...all, ...next };
    const length = told.size === undefined ? header.size : Number(told.size);
    if (!Number.isSafeInteger(length) || length < 0) throw refuse(`a file of ${length} bytes at byte ${at}`);
    at = offset + Math.ceil(length / BLOCK) * BLOCK;
    if (header.type === 'x') next = { ...next, ...decodeRecords(read(offset, length)) };
    else if (header.type === 'g') all = { ...all, ...decodeRecords(read(offset, length)) };
    else if (header.type === 'L') next = { ...next, path: textIn(read(offset, length), 0, length) };
    if (isRecord) continue;
    if ('07\0'.includes(header.type)) {
      const name = (told.path ?? header.path).replace(/^(\.\/)+/, '');
      if (offset + length > size) throw refuse(`its end, after ${size} bytes, within ${name}`);
      const mtimeMs = Math.round(1000 * (told.mtime === undefined ? header.mtime : Number(told.mtime)));
      yield { name, offset, length, mtimeMs };
    }
    next = {};
  }
}

/** What a header says: POSIX.1-2017, pax, "ustar Interchange Format", with GNU's large numbers. Time in seconds. */
interface TarHeader {
  /** `0`, `7` or NUL: a file. `x`, `g`: records on the next file, on all. `L`, `K`: a long name, a long link, as GNU has it. */
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
}

/** A header; `end` for a block of zeros, undefined where its check sum does not fit. */
function decodeHeader(block: Buffer): TarHeader | 'end' | undefined {
  if (block.every((byte) => byte === 0)) return 'end';
  if (numberIn(block, 148, 8) !== headerSum(block)) return undefined;
  const [name, prefix] = [textIn(block, 0, 100), textIn(block, 345, 155)];
  // GNU's own format has other things in place of the prefix.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  return {
    type: block.toString('latin1', 156, 157),
    path: isUstar && prefix ? `${prefix}/${name}` : name,
    size: numberIn(block, 124, 12),
    mtime: numberIn(block, 136, 12),
  };
}

/** The sum of a header's bytes, its own place counted as spaces. */
function headerSum(block: Buffer): number {
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return sum;
}

/** Text up to the first NUL. */
function textIn(block: Buffer, at: number, length: number): string {
  const end = block.subarray(at, at + length).indexOf(0);
  return block.toString('utf8', at, at + (end < 0 ? length : end));
}

/** A number in octal digits; or, where the first bit is set, in the bytes after it. */
function numberIn(block: Buffer, at: number, length: number): number {
  if (block[at] === 0x80) return Number(`0x${block.toString('hex', at + 1, at + length)}`);
  return Number.parseInt(textIn(block, at, length).trim() || '0', 8);
}

/** Records such as `30 path=folder/photo.jpg` and a line's end, where 30 counts the bytes of all of it. */
function decodeRecords(bytes: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) break;
    const record = bytes.toString('utf8', at, at + length - 1);
    const equals = record.indexOf('=');
    records[record.slice(record.indexOf(' ') + 1, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

/** Files as a tar file, the same for the same files. Names have at most 100 characters. */
export function writeTar(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => {
    const header = Buffer.alloc(BLOCK);
    const octal = (value: number, at: number, length: number) =>
      header.write(value.toString(8).padStart(length, '0'), at);
    header.write(name, 0, 100);
    octal(0o644, 100, 7);
    for (const at of [108, 116]) octal(0, at, 7);
    octal(bytes.length, 124, 11);
    octal(0, 136, 11);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    octal(headerSum(header), 148, 6);
    header.write('\0 ', 154);
    return [header, bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}
