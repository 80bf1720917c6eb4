/**
 * The safetensors format: 8 bytes little-endian length, a JSON header of that length (name to dtype, shape and byte
 * range), then the tensors' bytes without gaps. https://github.com/huggingface/safetensors
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { widenFloat16 } from './float16.ts';
import { damaged, readHeader, type SafetensorsType } from './safetensors-header.ts';

export type { SafetensorsType };

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor as stored: row-major `data` of `shape`. F16 is widened to a Float32Array; BOOL is a Uint8Array of 0 and 1. */
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
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new UserError('A safetensors file cannot be opened.', {
      where: path,
      got: (error as Error).message,
    });
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw damaged(path, 'a regular file', 'a folder or device');
    const read = (target: Uint8Array, position: number) => readFully(file, target, position, path);
    const header = readHeader(status.size, read, path);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, dtype, shape, begin, end } of header.entries) {
      const bytes = new Uint8Array(end - begin);
      read(bytes, header.dataStart + begin);
      tensors.set(name, { dtype, shape, data: view(dtype, bytes) });
    }
    return { tensors, metadata: header.metadata };
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, target: Uint8Array, position: number, path: string): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(file, target, done, Math.min(target.length - done, 2 ** 30), position + done);
    if (count === 0) throw damaged(path, `${target.length} bytes at offset ${position}`, `only ${done}`);
    done += count;
  }
}

function view(dtype: SafetensorsType, bytes: Uint8Array): TensorData {
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
    case 'U8':
    case 'BOOL':
      return bytes;
  }
}

/** Types that {@link writeSafetensors} writes: the type follows from the array's class. */
export interface TensorToStore {
  readonly shape: readonly number[];
  readonly data: TensorData;
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
    for (const chunk of [length, padded, ...chunks]) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    return { bytes: 8 + padded.length + position, sha256: hash.digest('hex') };
  });
}

function typeOf(data: TensorData): SafetensorsType {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  return 'U8';
}
