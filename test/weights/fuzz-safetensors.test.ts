import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { readHeader, readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts';
import { fc } from '../property.ts';
import { anyJson, awkwardNumber, damage } from './mutations.ts';

const SEED = 20;
let folder: string;
let path: string;
let whole: Buffer;
/** The whole file's header, and its data. */
let header: Record<string, Record<string, unknown>>;
let data: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  path = join(folder, 'a.safetensors');
  await writeSafetensors(
    path,
    [
      ['G64/conv1/kernel', { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
      ['G64/adam/step', { shape: [], data: new Int32Array([9]) }],
      ['bytes', { shape: [4], data: new Uint8Array([1, 2, 3, 4]) }],
      ['long', { shape: [1, 1, 2], data: new BigInt64Array([1n, 2n]) }],
      ['nothing', { shape: [0, 3], data: new Float32Array(0) }],
    ],
    { note: 'text' },
  );
  whole = readFileSync(path);
  const length = Number(whole.readBigUInt64LE());
  header = JSON.parse(whole.subarray(8, 8 + length).toString());
  data = whole.subarray(8 + length);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What reading gives: undefined for a UserError; every other error fails the test. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** A file in memory. What is read of it may not be larger than the file, nor lie outside it. */
const inMemory = (file: Buffer): Parameters<typeof readHeader>[0] => ({
  path: 'a file in memory',
  size: file.length,
  read(position, length) {
    expect(length).toBeLessThanOrEqual(file.length);
    expect(position + length).toBeLessThanOrEqual(file.length);
    return Uint8Array.from(file.subarray(position, position + length));
  },
  damaged: (expected, got) => new UserError('A file in memory is damaged.', { expected, got }),
});

/** Reads a header from memory. */
function headerOf(file: Buffer) {
  const found = attempt(() => readHeader(inMemory(file)));
  // Ranges that do not overlap cannot ask for more than there is.
  let end = found?.dataStart ?? 0;
  for (const entry of found?.entries ?? []) {
    expect(found!.dataStart + entry.begin).toBe(end);
    end = found!.dataStart + entry.end;
  }
  if (found) expect(end).toBe(file.length);
  return found;
}

function fileOf(text: string, content: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), content]);
}

describe('a safetensors file', () => {
  it('with any bytes changed is read or refused', () => {
    let refused = 0;
    fc.assert(
      fc.property(damage, (edit) => {
        if (!headerOf(edit(whole))) refused++;
      }),
      { seed: SEED, numRuns: 20_000 },
    );
    expect(refused).toBeGreaterThan(10_000);
  });

  it('on the disk likewise, and never gives more than it holds', () => {
    fc.assert(
      fc.property(damage, (edit) => {
        const bytes = edit(whole);
        writeFileSync(path, bytes);
        let total = 0;
        for (const { data } of attempt(() => readSafetensors(path))?.values() ?? []) total += data.byteLength;
        // Half precision becomes single precision.
        expect(total).toBeLessThanOrEqual(2 * bytes.length);
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it('with any header length is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 1000n)), (length) => {
        const bytes = Buffer.from(whole);
        bytes.writeBigUInt64LE(length);
        const found = headerOf(bytes);
        if (length !== whole.readBigUInt64LE()) expect(found).toBeUndefined();
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it('with anything else in its header is read or refused', () => {
    const names = fc.constantFrom('G64/conv1/kernel', 'bytes', 'nothing', '__metadata__', '__proto__', 'new');
    const field = fc.constantFrom('dtype', 'shape', 'data_offsets', 'other');
    const value = fc.oneof(
      anyJson,
      fc.tuple(awkwardNumber, awkwardNumber),
      fc.constantFrom('F16', 'F64', 'BOOL', 'toString', '__proto__'),
    );
    const change = fc.oneof(
      fc.record({ name: names, field, value }),
      fc.record({ name: names, value }),
      fc.record({ name: names }),
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const entries = new Map<string, unknown>(Object.entries(structuredClone(header)));
        for (const { name, field, value } of changes as { name: string; field?: string; value?: unknown }[]) {
          const old = entries.get(name);
          if (field) entries.set(name, { ...(old as object | undefined), [field]: value });
          else if (value !== undefined) entries.set(name, value);
          else entries.delete(name);
        }
        const members = [...entries].map(
          ([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`,
        );
        if (headerOf(fileOf(`{${members.join(',')}}`, data))) read++;
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    // Metadata and what the format does not name may be anything sound.
    expect(read).toBeGreaterThan(0);
  });

  it.each([
    [
      'a name twice',
      '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
    ],
    ['a field twice', '{"a":{"dtype":"U8","shape":[9],"shape":[4],"data_offsets":[0,4]}}'],
    ['a number beyond all numbers', '{"a":{"dtype":"U8","shape":[1e999],"data_offsets":[0,4]}}'],
    ['deep nesting', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['deep nesting in the metadata', `{"__metadata__":{"a":${'{"b":'.repeat(9_000)}1${'}'.repeat(9_000)}}}`],
  ])('with %s is refused', (_, text) => {
    const file = fileOf(text, new Uint8Array(4));
    expect(() => readHeader(inMemory(file))).toThrow(UserError);
  });
});
