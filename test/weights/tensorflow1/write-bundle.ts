/** Writes TensorFlow checkpoints, sound ones and others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { maskedCrc32c } from '../../../src/weights/tensorflow1/table.ts';

export interface BundleVariable {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Entry = readonly [key: string, value: Buffer];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const integer = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)]);
const nested = (field: number, content: Buffer) =>
  Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** What comes first in an index; one file of elements, little-endian, version 1. */
export const header: Entry = ['', Buffer.concat([integer(1, 1), nested(3, integer(1, 1))])];

/** What an index says of a variable. */
export function entryOf(shape: readonly number[], offset: number, bytes: Uint8Array, dtype = 1): Buffer {
  const dims = shape.map((side) => nested(2, integer(1, side)));
  return Buffer.concat([
    integer(1, dtype),
    nested(2, Buffer.concat(dims)),
    integer(4, offset),
    integer(5, bytes.length),
    Buffer.concat([varint((6 << 3) | 5), uint32(maskedCrc32c(bytes))]),
  ]);
}

/** A block of a table with its check sum. Every so many keys one is whole, the others share what they can. */
export function block(entries: readonly Entry[], interval = 4): Buffer {
  const parts: Buffer[] = [];
  const places: number[] = [];
  let [length, last] = [0, ''];
  for (const [i, [key, value]] of entries.entries()) {
    if (i % interval === 0) places.push(length);
    let shared = 0;
    if (i % interval > 0) while (shared < last.length && last[shared] === key[shared]) shared++;
    const own = Buffer.from(key.slice(shared), 'latin1');
    const part = Buffer.concat([varint(shared), varint(own.length), varint(value.length), own, value]);
    parts.push(part);
    length += part.length;
    last = key;
  }
  return sealed(Buffer.concat([...parts, ...places.map(uint32), uint32(places.length)]));
}

/** A block's bytes, said not to be compressed, and their check sum. */
export function sealed(content: Buffer, compression = 0): Buffer {
  const marked = Buffer.concat([content, Buffer.from([compression])]);
  return Buffer.concat([marked, uint32(maskedCrc32c(marked))]);
}

/** A table of blocks; each is listed by a key of its own. */
export function table(blocks: readonly Buffer[]): Buffer {
  let offset = 0;
  const handles = blocks.map((bytes, i): Entry => {
    const handle = Buffer.concat([varint(offset), varint(bytes.length - 5)]);
    offset += bytes.length;
    return [String(i).padStart(5, '0'), handle];
  });
  const list = block(handles);
  const footer = Buffer.alloc(40);
  Buffer.concat([varint(0), varint(0), varint(offset), varint(list.length - 5)]).copy(footer);
  return Buffer.concat([...blocks, list, footer, Buffer.from('57fb808b247547db', 'hex')]);
}

/** Writes PREFIX.index and PREFIX.data-00000-of-00001, a few variables a block. */
export function writeBundle(prefix: string, variables: ReadonlyMap<string, BundleVariable>): void {
  const data: Uint8Array[] = [];
  const entries: Entry[] = [header];
  let offset = 0;
  for (const name of [...variables.keys()].sort()) {
    const { shape, data: elements } = variables.get(name)!;
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    entries.push([name, entryOf(shape, offset, bytes)]);
    data.push(bytes);
    offset += bytes.length;
  }
  const blocks: Buffer[] = [];
  for (let i = 0; i < entries.length; i += 10) blocks.push(block(entries.slice(i, i + 10)));
  mkdirSync(dirname(prefix), { recursive: true });
  writeFileSync(`${prefix}.index`, table(blocks));
  writeFileSync(`${prefix}.data-00000-of-00001`, Buffer.concat(data));
}
