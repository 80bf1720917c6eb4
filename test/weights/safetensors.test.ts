import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { readSafetensors, readSafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.ts';
import { listsOpenFiles, openFiles } from '../open-files.ts';
import { deepPsFixtures } from '../reference.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file made by hand: header object or text, then data bytes. */
function handmade(header: unknown, data = new Uint8Array(0)): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const path = join(folder, 'handmade.safetensors');
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

describe('writing and reading', () => {
  it('gives back types, shapes, order and values', async () => {
    const path = join(folder, 'sub', 'a.safetensors');
    const tensors = {
      'F/conv.weight': { shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, 1e-30, Number.NaN]) },
      bytes: { shape: [3], data: new Uint8Array([0, 128, 255]) },
      scalar: { shape: [], data: new Float64Array([Math.PI]) },
      integers: { shape: [1, 2], data: new Int32Array([-5, 2 ** 30]) },
      long: { shape: [2], data: new BigInt64Array([-(2n ** 60n), 7n]) },
      empty: { shape: [0, 4], data: new Float32Array(0) },
    };
    const written = await writeSafetensors(path, Object.entries(tensors), { note: 'ä' });
    const { tensors: read, metadata } = readSafetensorsFile(path);
    expect(metadata).toEqual({ note: 'ä' });
    expect([...read.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      expect(read.get(name)!.shape).toEqual(shape);
      expect(read.get(name)!.data).toEqual(data);
    }
    const bytes = readFileSync(path);
    expect(written).toEqual({
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(readdirSync(join(folder, 'sub'))).toEqual(['a.safetensors']);
  });

  it('writes only the part of a buffer that an array covers', async () => {
    const path = join(folder, 'a.safetensors');
    const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    await writeSafetensors(path, [['a', { shape: [2], data }]]);
    expect(readSafetensors(path).get('a')!.data).toEqual(new Float32Array([2, 3]));
    expect(readFileSync(path, 'latin1')).not.toContain('__metadata__');
  });

  it('keeps the bits of half precision, and widens them', async () => {
    const path = join(folder, 'h');
    const halves = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x8000]);
    await writeSafetensors(path, [['h', { shape: [6], data: halves }]]);
    expect(readSafetensors(path).get('h')!.dtype).toBe('F16');
    expect([...readSafetensors(path).get('h')!.data]).toEqual([1, -2, 2 ** -24, 65504, -Infinity, -0]);
  });

  it('reads numbers of 8 and 16 bits, and says which types it does not read', () => {
    const typed = (dtype: string, data: Uint8Array<ArrayBuffer>, count: number) =>
      handmade({ x: { dtype, shape: [count], data_offsets: [0, data.length] } }, data);
    const read = (dtype: string, data: Uint8Array<ArrayBuffer>, count = data.length) => [
      ...readSafetensors(typed(dtype, data, count)).get('x')!.data,
    ];
    const brain = new Uint8Array(new Uint16Array([0x3f80, 0xc020, 0x7f80]).buffer);
    expect(read('BF16', brain, 3)).toEqual([1, -2.5, Number.POSITIVE_INFINITY]);
    expect(read('F8_E4M3', Uint8Array.of(0x38, 0xb8, 0x7e, 0x01, 0x7f))).toEqual([
      1,
      -1,
      448,
      2 ** -9,
      Number.NaN,
    ]);
    expect(read('F8_E5M2', Uint8Array.of(0x3c, 0xc0, 0x7b))).toEqual([1, -2, 57344]);
    expect(read('I8', Uint8Array.of(255, 3))).toEqual([-1, 3]);
    expect(read('U16', new Uint8Array(new Uint16Array([65535]).buffer), 1)).toEqual([65535]);
    expect(read('U32', new Uint8Array(new Uint32Array([2 ** 32 - 1]).buffer), 1)).toEqual([2 ** 32 - 1]);
    expect(read('I16', new Uint8Array(new Int16Array([-2, 7]).buffer), 2)).toEqual([-2, 7]);
    expect(read('U64', new Uint8Array(new BigUint64Array([2n ** 60n]).buffer), 1)).toEqual([2 ** 60]);
    expect(read('BOOL', Uint8Array.of(0, 1))).toEqual([0, 1]);
    expect(() => read('F8_E8M0', Uint8Array.of(1))).toThrow(/not read here[\s\S]*F8_E8M0[\s\S]*float\(\)/);
    for (const dtype of ['f32', 'toString', 'XF32!'])
      expect(() => read(dtype, Uint8Array.of(1))).toThrow(/damaged[\s\S]*to have a dtype of F16, BF16/);
  });

  it('reads a file of nothing but a header, and tensors of sixteen dimensions', () => {
    expect(readSafetensors(handmade({})).size).toBe(0);
    const shape = Array(16).fill(1);
    const path = handmade({ a: { dtype: 'U8', shape, data_offsets: [0, 1] } }, Uint8Array.of(3));
    expect(readSafetensors(path).get('a')).toEqual({ dtype: 'U8', shape, data: Uint8Array.of(3) });
  });

  it('writes small and large tensors one after another, from a multiple of 8 bytes on', async () => {
    const path = join(folder, 'a.safetensors');
    const sizes = [5, 300_000, 7, 200_000, 100_000, 2 ** 18, 3, 0, 2 ** 18 + 1];
    const tensors = sizes.map((size, i) => [`t${i}`, new Uint8Array(size).fill(i + 1)] as const);
    for (const length of [1, 2, 3]) {
      const metadata = { note: 'x'.repeat(length) };
      await writeSafetensors(
        path,
        tensors.map(([name, data]) => [name, { shape: [data.length], data }] as const),
        metadata,
      );
      const bytes = readFileSync(path);
      const start = 8 + Number(bytes.readBigUInt64LE());
      expect(start % 8).toBe(0);
      expect(bytes.subarray(start).equals(Buffer.concat(tensors.map(([, data]) => data)))).toBe(true);
      expect(readSafetensorsFile(path).metadata).toEqual(metadata);
    }
  });

  it('leaves the old file and no other behind when writing fails', async () => {
    const path = join(folder, 'a.safetensors');
    await writeSafetensors(path, [['a', { shape: [1], data: new Float32Array([1]) }]]);
    const data = { shape: [2], data: new Float32Array([1]) };
    await expect(writeSafetensors(path, [['a', data]])).rejects.toThrow(/shape/);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
    expect(readSafetensors(path).get('a')!.data).toEqual(new Float32Array([1]));
  });

  it('refuses two tensors of one name', async () => {
    const one = ['a', { shape: [1], data: new Float32Array([1]) }] as const;
    await expect(writeSafetensors(join(folder, 'a'), [one, one])).rejects.toThrow(/twice/);
    await expect(writeSafetensors(join(folder, 'a'), [['__metadata__', one[1]]])).rejects.toThrow(/reserved/);
  });
});

describe('damaged files', () => {
  const f32 = (shape: unknown, offsets: unknown) => ({ dtype: 'F32', shape, data_offsets: offsets });
  const eight = new Uint8Array(8);

  it.each([
    ['not JSON', '{"a":', eight],
    ['not an object', '[]', new Uint8Array(0)],
    ['nothing', 'null', new Uint8Array(0)],
    ['an unknown type', { a: { dtype: 'F31', shape: [2], data_offsets: [0, 8] } }, eight],
    ['a type from the prototype', { a: { dtype: 'toString', shape: [2], data_offsets: [0, 8] } }, eight],
    ['a type in a list', { a: { dtype: ['F32'], shape: [2], data_offsets: [0, 8] } }, eight],
    ['a negative side', { a: f32([-2], [0, 8]) }, eight],
    ['two negative sides', { a: f32([-2, -1], [0, 8]) }, eight],
    ['a fractional side', { a: f32([0.5, 4], [0, 8]) }, eight],
    ['a huge shape', { a: f32([2 ** 40, 2 ** 40], [0, 8]) }, eight],
    ['a rank that is too large', { a: f32(new Array(17).fill(1), [0, 4]) }, new Uint8Array(4)],
    ['a range beyond the file', { a: f32([4], [0, 16]) }, eight],
    ['a range that runs backwards', { a: f32([2], [8, 0]) }, eight],
    ['a shape that contradicts the range', { a: f32([1], [0, 8]) }, eight],
    ['overlapping tensors', { a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, eight],
    ['a gap', { a: f32([1], [4, 8]) }, eight],
    ['bytes that belong to no tensor', { a: f32([1], [0, 4]) }, eight],
    ['metadata that is no text', { __metadata__: { a: 'text', b: 1 }, b: f32([2], [0, 8]) }, eight],
    ['no ranges', { a: { dtype: 'F32', shape: [2] } }, eight],
    ['a range of three numbers', { a: f32([2], [0, 8, 9]) }, eight],
    ['no shape', { a: { dtype: 'F32', data_offsets: [0, 8] } }, eight],
    ['a tensor that is a list', { a: [] }, new Uint8Array(0)],
    ['a tensor that is nothing', { a: null }, new Uint8Array(0)],
    ['metadata that is a text', { __metadata__: 'a' }, new Uint8Array(0)],
  ])('%s', (_, header, data) => {
    expect(() => readSafetensors(handmade(header, data))).toThrow(UserError);
  });

  it.skipIf(!listsOpenFiles)('are closed (as Linux lists open files)', () => {
    const path = handmade('{"a":', eight);
    expect(() => readSafetensors(path)).toThrow(UserError);
    expect(openFiles()).not.toContain(path);
  });

  it('names the file, what was expected and what was found', () => {
    const path = handmade({ a: f32([4], [0, 16]) }, eight);
    expect(() => readSafetensors(path)).toThrow(/handmade\.safetensors[\s\S]*0\.\.8[\s\S]*\[0,16\]/);
  });

  it('a missing file, a folder, an empty file, a header longer than the file', () => {
    const path = join(folder, 'x');
    expect(() => readSafetensors(path)).toThrow(UserError);
    expect(() => readSafetensors(folder)).toThrow(UserError);
    writeFileSync(path, '');
    expect(() => readSafetensors(path)).toThrow(UserError);
    for (const length of [1, 7]) {
      writeFileSync(path, Buffer.alloc(length));
      expect(() => readSafetensors(path)).toThrow(/at least the 8 bytes/);
    }
    writeFileSync(path, Buffer.alloc(8, 255));
    expect(() => readSafetensors(path)).toThrow(/header length/);
  });

  it('a header larger than the format allows, however large the file', () => {
    const path = handmade('{}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(100_000_001n);
    writeFileSync(path, length);
    truncateSync(path, 2 ** 28);
    expect(() => readSafetensors(path)).toThrow(/at most 100000000 bytes[\s\S]*header length of 100000001/);
  });
});

const { path: fixtures, reason } = deepPsFixtures;
describe.skipIf(reason)(`reference fixtures${reason}`, () => {
  it('are all read', () => {
    for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.safetensors'))) {
      expect(readSafetensors(join(fixtures, name)).size, name).toBeGreaterThan(0);
    }
  });
});
