/**
 * What audits and fuzzers of other readers of safetensors have found, as files that this one must take or refuse: Trail of
 * Bits, "EleutherAI, Hugging Face Safetensors Library, Security Assessment" (2023), which led to the rules of `validate` in
 * huggingface/safetensors, and later reports of headers that are merely large.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { readSafetensors, readSafetensorsFile } from '../../src/weights/safetensors.ts';

let path: string;
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'hostile-')), 'a.safetensors');
});
afterAll(() => rmSync(join(path, '..'), { recursive: true }));

/** @param header text, or what becomes JSON. @param length what the file says of it. */
function write(header: string | object, data: Uint8Array = new Uint8Array(), length?: bigint): void {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  writeFileSync(path, Buffer.concat([prefix, text, data]));
}

const f32 = (shape: readonly number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});
const bytes = (...numbers: number[]) => new Uint8Array(new Float32Array(numbers).buffer);

describe('tensors without elements', () => {
  it('may share a place with each other and with one that has some, in any order of the header', () => {
    const full = f32([1], 4, 8);
    const none = f32([0, 3], 4, 4);
    const last = f32([0], 8, 8);
    const first = f32([1], 0, 4);
    for (const header of [
      { first, none, full, last },
      { last, full, none, first },
      { none, also: none, last, alsoLast: last, first, full },
    ]) {
      write(header, bytes(1, 2));
      const tensors = readSafetensors(path);
      expect(tensors.size).toBe(Object.keys(header).length);
      expect([...tensors.get('first')!.data, ...tensors.get('full')!.data]).toEqual([1, 2]);
      expect(tensors.get('none')).toEqual({ dtype: 'F32', shape: [0, 3], data: new Float32Array() });
    }
  });

  it('may not lie within another tensor', () => {
    write({ a: f32([2], 0, 8), none: f32([0], 4, 4) }, bytes(1, 2));
    expect(() => readSafetensors(path)).toThrow(UserError);
  });

  it('alone leave no room for bytes', () => {
    write({ none: f32([0], 0, 0) }, bytes(1));
    expect(() => readSafetensors(path)).toThrow(/0 bytes of tensors[\s\S]*4 bytes/);
  });
});

describe('numbers at the ends of their types', () => {
  // 64-bit counts that wrap around to a small one, and those that a double cannot tell apart.
  it.each([
    ['a product of sides that is 0 modulo 2^64', { a: f32([2 ** 32, 2 ** 32], 0, 0) }],
    [
      'a product that is 4 modulo 2^64',
      '{"a":{"dtype":"U8","shape":[4294967296,4294967297],"data_offsets":[0,4]}}',
    ],
    ['a side of 2^64', '{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,4]}}'],
    [
      'a side of 2^53 + 1, which rounds',
      '{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,4]}}',
    ],
    ['an end of 2^64 + 4', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551620]}}'],
    ['a begin of -1', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[-1,3]}}'],
    ['a sum of ranges beyond the file', { a: f32([1], 0, 4), b: f32([2 ** 30], 4, 4 + 2 ** 32) }],
    ['an end that is not a number', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e999]}}'],
    ['sixteen of the largest sides', { a: f32(Array(16).fill(Number.MAX_SAFE_INTEGER), 0, 4) }],
  ])('%s', (_, header) => {
    write(header, bytes(1));
    expect(() => readSafetensors(path)).toThrow(UserError);
  });

  it.each([2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, 2n ** 32n + 2n, 100_000_001n])(
    'a header of %s bytes',
    (n) => {
      write('{}', new Uint8Array(), n);
      expect(() => readSafetensors(path)).toThrow(/header length/);
    },
  );
});

describe('files that two readers read differently', () => {
  it.each([
    [
      'a name twice',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
    ],
    [
      'the same name, escaped',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
    ],
    ['a key of a tensor twice', '{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}'],
    ['two tensors in one place', { a: f32([1], 0, 4), b: f32([1], 0, 4) }],
    ['a comment', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}/**/}'],
    ['text behind the header', '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} {}'],
  ])('%s', (_, header) => {
    write(header, bytes(1));
    expect(() => readSafetensors(path)).toThrow(UserError);
  });

  it('an archive behind the tensors', () => {
    write({ a: f32([1], 0, 4) }, Buffer.concat([bytes(1), Buffer.from('PK\x05\x06'), Buffer.alloc(18)]));
    expect(() => readSafetensors(path)).toThrow(/4 bytes of tensors[\s\S]*26 bytes/);
  });

  it('bytes that are no UTF-8', () => {
    const header = Buffer.from('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
    header[2] = 0xff;
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([prefix, header, bytes(1)]));
    expect(() => readSafetensors(path)).toThrow(/JSON header/);
  });

  it('names of what every object has', () => {
    const names = ['__proto__', 'constructor', 'toString', ''];
    const entries = names.map(
      (name, i) => `${JSON.stringify(name)}:${JSON.stringify(f32([1], 4 * i, 4 * i + 4))}`,
    );
    write(`{"__metadata__":{"__proto__":"x"},${entries.join()}}`, bytes(1, 2, 3, 4));
    const { tensors, metadata } = readSafetensorsFile(path);
    expect([...tensors.keys()]).toEqual(names);
    expect(tensors.get('__proto__')!.data).toEqual(new Float32Array([1]));
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });
});

describe('large headers', () => {
  const count = 100_000;
  const names = Array.from({ length: count }, (_, i) => `layer.${i}.weight`);

  it('of 100,000 tensors are read, in whatever order', () => {
    const entries = names.map((name, i) => [name, f32([1], 4 * i, 4 * i + 4)] as const);
    write(Object.fromEntries(entries.toReversed()), bytes(...names.keys()));
    const tensors = readSafetensors(path);
    expect([...tensors.keys()]).toEqual(names);
    expect(tensors.get('layer.99999.weight')!.data).toEqual(new Float32Array([99_999]));
  });

  it('of 100,000 tensors in one place are refused', () => {
    write(Object.fromEntries(names.map((name) => [name, f32([1], 0, 4)])), bytes(1));
    expect(() => readSafetensors(path)).toThrow(/to begin at byte 4/);
  });

  it('of 100,000 nested lists are refused', () => {
    write(`{"a":${'['.repeat(count)}${']'.repeat(count)}}`);
    expect(() => readSafetensors(path)).toThrow(UserError);
  });
});
