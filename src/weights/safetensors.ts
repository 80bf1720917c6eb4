/**
 * The safetensors format: 8 bytes little-endian length, a JSON header of that length (name to dtype, shape and byte
 * range), then the tensors' bytes without gaps. https://github.com/huggingface/safetensors
 */
import { createHash } from 'node:crypto';
import { UserError } from '../runtime/errors.ts';
import { FileBytes, writeAtomically } from '../runtime/files.ts';
import { parseJson } from '../runtime/strict-json.ts';
import { widenBfloat16, widenFloat8E4M3, widenFloat8E5M2, widenFloat16 } from './float16.ts';

/** The element types that are read, by the names that files have for them, with the bytes of an element. */
const elementBytes = {
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F32: 4,
  F64: 8,
  I8: 1,
  U8: 1,
  I16: 2,
  U16: 2,
  I32: 4,
  U32: 4,
  I64: 8,
  U64: 8,
  BOOL: 1,
} as const;

type SafetensorsType = keyof typeof elementBytes;

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * A tensor as stored: row-major `data` of `shape`. Floating-point types of 16 and 8 bits are widened to a Float32Array, small
 * integers to an Int32Array, unsigned ones of 32 and 64 bits to a Float64Array; BOOL is a Uint8Array of 0 and 1.
 */
export interface StoredTensor {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafetensorsFile {
  /** By name, in order of their place in the file. */
  readonly tensors: Map<string, StoredTensor>;
  /** The file's free text entries (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads every tensor of a file by name. Throws a UserError when it cannot be read or is not a whole safetensors file. */
export function readSafetensors(path: string): Map<string, StoredTensor> {
  return readSafetensorsFile(path).tensors;
}

/** As {@link readSafetensors}, with the file's metadata. */
export function readSafetensorsFile(path: string): SafetensorsFile {
  const file = new FileBytes(path, 'safetensors file');
  try {
    const { entries, metadata, dataStart } = readHeader(file);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, dtype, shape, begin, end } of entries)
      tensors.set(name, { dtype, shape, data: view(dtype, file.read(dataStart + begin, end - begin)) });
    return { tensors, metadata };
  } finally {
    file.close();
  }
}

/** The part of {@link FileBytes} that reading a header needs. */
type Bytes = Pick<FileBytes, 'path' | 'size' | 'read' | 'damaged'>;

/** The format's limit for the size of the header. */
const maxHeaderBytes = 100_000_000;
const maxRank = 16;

/** A tensor's place: bytes `begin` to `end` after the header. */
interface Entry {
  name: string;
  dtype: SafetensorsType;
  shape: number[];
  begin: number;
  end: number;
}

interface Header {
  /** In order of their place in the file. */
  entries: Entry[];
  metadata: Record<string, string>;
  /** Where the tensors' bytes begin. */
  dataStart: number;
}

/**
 * Reads and checks the header. Nothing of it is believed before it is checked against the file's size, so a damaged or
 * hostile file ends in a UserError and never in an allocation larger than itself.
 */
export function readHeader(file: Bytes): Header {
  const { size } = file;
  if (size < 8) throw file.damaged('at least the 8 bytes of the header length', `${size} bytes`);
  const length = Buffer.from(file.read(0, 8)).readBigUInt64LE();
  const limit = Math.min(size - 8, maxHeaderBytes);
  if (length > BigInt(limit)) {
    throw file.damaged(`a header of at most ${limit} bytes`, `a header length of ${length}`);
  }
  const text = file.read(8, Number(length));
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (error) {
    throw file.damaged('a JSON header', (error as Error).message);
  }
  if (!isObject(json)) throw file.damaged('a JSON object as header', describe(json));
  const metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  const dataBytes = size - 8 - Number(length);
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') Object.assign(metadata, checkMetadata(value, file));
    else entries.push(checkEntry(name, value, dataBytes, file));
  }
  checkRanges(entries, dataBytes, file);
  return { entries, metadata, dataStart: 8 + Number(length) };
}

function checkMetadata(value: unknown, file: Bytes): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw file.damaged('__metadata__ to map names to strings', describe(value));
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataBytes: number, file: Bytes): Entry {
  const where = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (!isObject(value)) throw file.damaged(`${where} to be an object`, describe(value));
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    const types = Object.keys(elementBytes).join(', ');
    if (typeof dtype !== 'string' || !/^[A-Z]+\d+[A-Z0-9_]*$/.test(dtype))
      throw file.damaged(`${where} to have a dtype of ${types}`, describe(dtype));
    throw new UserError('A safetensors file holds a type of numbers that is not read here.', {
      where: file.path,
      expected: `${where} to have a dtype of ${types}`,
      got: dtype,
      fix: 'in Python, convert it: save_file({k: v.float() for k, v in load_file(IN).items()}, OUT)',
    });
  }
  if (!isCounts(shape) || shape.length > maxRank) {
    throw file.damaged(`${where} to have a shape of at most ${maxRank} whole numbers`, describe(shape));
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[1] > dataBytes) {
    throw file.damaged(`${where} to have a byte range within 0..${dataBytes}`, describe(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const type = dtype as SafetensorsType;
  const bytes = shape.reduce((product, side) => product * side, elementBytes[type]);
  // A range that runs backwards does not take them either.
  if (bytes !== end - begin) {
    throw file.damaged(
      `${where} of shape [${shape}] and type ${type} to take ${bytes} bytes`,
      `${end - begin}`,
    );
  }
  return { name, dtype: type, shape, begin, end };
}

/** The format allows neither gaps nor overlaps nor bytes after the last tensor. Sorts `entries` by place. */
function checkRanges(entries: Entry[], dataBytes: number, file: Bytes): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw file.damaged(`tensor ${JSON.stringify(name)} to begin at byte ${position}`, `${begin}`);
    }
    position = end;
  }
  if (position !== dataBytes) {
    throw file.damaged(`${position} bytes of tensors, as the header says`, `${dataBytes} bytes`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}

function view(dtype: SafetensorsType, bytes: Uint8Array<ArrayBuffer>): TensorData {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F64':
      return new Float64Array(bytes.buffer);
    case 'I32':
      return new Int32Array(bytes.buffer);
    case 'I64':
      return new BigInt64Array(bytes.buffer);
    case 'F16':
      return widenFloat16(new Uint16Array(bytes.buffer));
    case 'BF16':
      return widenBfloat16(new Uint16Array(bytes.buffer));
    case 'F8_E4M3':
      return widenFloat8E4M3(bytes);
    case 'F8_E5M2':
      return widenFloat8E5M2(bytes);
    case 'I8':
      return Int32Array.from(new Int8Array(bytes.buffer));
    case 'I16':
      return Int32Array.from(new Int16Array(bytes.buffer));
    case 'U16':
      return Int32Array.from(new Uint16Array(bytes.buffer));
    case 'U32':
      return Float64Array.from(new Uint32Array(bytes.buffer));
    case 'U64':
      return Float64Array.from(new BigUint64Array(bytes.buffer), Number);
    case 'U8':
    case 'BOOL':
      return bytes;
  }
}

/** Types that {@link writeSafetensors} writes: the type follows from the array's class. */
export interface TensorToStore {
  readonly shape: readonly number[];
  /** A Uint16Array holds the bits of numbers in half precision. */
  readonly data: TensorData | Uint16Array;
}

/**
 * Writes tensors to a file, atomically, in the order given. Returns its size and the SHA-256 of its bytes (hex).
 * The data must not change until the promise is settled.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, TensorToStore]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ bytes: number; sha256: string }> {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const [name, { shape, data }] of tensors) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (size !== data.length)
      throw new Error(`${name}: shape [${shape}] does not hold ${data.length} elements`);
    if (name === '__metadata__' || name in header)
      throw new Error(`Tensor name used twice or reserved: ${name}`);
    header[name] = {
      dtype: typeOf(data),
      shape,
      data_offsets: [position, position + data.byteLength],
    };
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    position += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  // Readers that map the file into memory want the data to begin at a multiple of 8 bytes.
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const hash = createHash('sha256');
  return writeAtomically(path, async (file) => {
    for (const chunk of joined([length, padded, ...chunks])) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    return { bytes: 8 + padded.length + position, sha256: hash.digest('hex') };
  });
}

/** Bytes up to which chunks are written together: a call of the system takes longer than copying so few. */
const SMALL = 2 ** 18;

/** The same bytes in fewer chunks. */
function* joined(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let together: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (bytes + chunk.length > SMALL) {
      yield Buffer.concat(together);
      together = [];
      bytes = 0;
    }
    if (chunk.length > SMALL) {
      yield chunk;
      continue;
    }
    together.push(chunk);
    bytes += chunk.length;
  }
  yield Buffer.concat(together);
}

function typeOf(data: TensorToStore['data']): SafetensorsType {
  if (data instanceof Uint16Array) return 'F16';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  return 'U8';
}
