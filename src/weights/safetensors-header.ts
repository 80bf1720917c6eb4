/**
 * The header of a safetensors file. Nothing of it is believed before it is checked against the file's size, so a
 * damaged or hostile file ends in a UserError and never in an allocation larger than itself.
 */
import { UserError } from '../runtime/errors.ts';
import { parseJson } from '../runtime/strict-json.ts';

/** What a file calls its element types, of those that we read. */
export type SafetensorsType = 'F16' | 'F32' | 'F64' | 'I32' | 'I64' | 'U8' | 'BOOL';

const elementBytes: Record<SafetensorsType, number> = {
  F16: 2,
  F32: 4,
  F64: 8,
  I32: 4,
  I64: 8,
  U8: 1,
  BOOL: 1,
};

/** The format's own bound of the header. */
const maxHeaderBytes = 100_000_000;
const maxRank = 16;

/** A tensor's place: bytes `begin` to `end` after the header. */
export interface Entry {
  name: string;
  dtype: SafetensorsType;
  shape: number[];
  begin: number;
  end: number;
}

export interface Header {
  /** In order of their place in the file. */
  entries: Entry[];
  metadata: Record<string, string>;
  /** Where the tensors' bytes begin. */
  dataStart: number;
}

/** Reads and checks the header of a file of `size` bytes; `read` fills its target from a position of the file. */
export function readHeader(
  size: number,
  read: (target: Uint8Array, position: number) => void,
  path: string,
): Header {
  if (size < 8) throw damaged(path, 'at least the 8 bytes of the header length', `${size} bytes`);
  const lengthBytes = Buffer.alloc(8);
  read(lengthBytes, 0);
  const length = lengthBytes.readBigUInt64LE();
  const limit = Math.min(size - 8, maxHeaderBytes);
  if (length > BigInt(limit)) {
    throw damaged(path, `a header of at most ${limit} bytes`, `a header length of ${length}`);
  }
  const text = Buffer.alloc(Number(length));
  read(text, 8);
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (error) {
    throw damaged(path, 'a JSON header', (error as Error).message);
  }
  if (!isObject(json)) throw damaged(path, 'a JSON object as header', describe(json));
  const metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  const dataBytes = size - 8 - Number(length);
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') Object.assign(metadata, checkMetadata(value, path));
    else entries.push(checkEntry(name, value, dataBytes, path));
  }
  checkRanges(entries, dataBytes, path);
  return { entries, metadata, dataStart: 8 + Number(length) };
}

function checkMetadata(value: unknown, path: string): Record<string, string> {
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw damaged(path, '__metadata__ to map names to strings', describe(value));
  }
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataBytes: number, path: string): Entry {
  const where = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (!isObject(value)) throw damaged(path, `${where} to be an object`, describe(value));
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    throw damaged(
      path,
      `${where} to have a dtype of ${Object.keys(elementBytes).join(', ')}`,
      describe(dtype),
    );
  }
  if (!isCounts(shape) || shape.length > maxRank) {
    throw damaged(path, `${where} to have a shape of at most ${maxRank} whole numbers`, describe(shape));
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes) {
    throw damaged(path, `${where} to have a byte range within 0..${dataBytes}`, describe(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const type = dtype as SafetensorsType;
  const bytes = shape.reduce((product, side) => product * side, elementBytes[type]);
  if (bytes !== end - begin) {
    throw damaged(
      path,
      `${where} of shape [${shape}] and type ${type} to take ${bytes} bytes`,
      `${end - begin}`,
    );
  }
  return { name, dtype: type, shape, begin, end };
}

/** The format allows neither gaps nor overlaps nor bytes after the last tensor. Sorts `entries` by place. */
function checkRanges(entries: Entry[], dataBytes: number, path: string): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw damaged(path, `tensor ${JSON.stringify(name)} to begin at byte ${position}`, `${begin}`);
    }
    position = end;
  }
  if (position !== dataBytes) {
    throw damaged(path, `${position} bytes of tensors, as the header says`, `${dataBytes} bytes`);
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

/** The error for a file that is not what it should be. */
export function damaged(path: string, expected: string, got: string): UserError {
  return new UserError('Not a whole safetensors file.', { where: path, expected, got });
}
