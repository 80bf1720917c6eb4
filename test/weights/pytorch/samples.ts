/** Pickles and PyTorch files, made byte by byte. */
import { crc32 } from 'node:zlib';

/** Little-endian. */
const uint = (value: number | bigint, bytes: 1 | 2 | 4 | 8): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer.subarray(0, bytes);
};

export const bytes = (...parts: (Uint8Array | string | number)[]): Buffer =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number'
        ? Buffer.from([part])
        : typeof part === 'string'
          ? Buffer.from(part, 'latin1')
          : part,
    ),
  );

/** Writers of values, as Python 3's protocol 2 has them. */
export const pickle = {
  none: bytes('N'),
  mark: bytes('('),
  emptyDict: bytes('}'),
  emptyList: bytes(']'),
  file: (content: Uint8Array, protocol = 2) => bytes(0x80, protocol, content, '.'),
  text: (value: string) => bytes('X', uint(Buffer.byteLength(value), 4), Buffer.from(value)),
  /** As Python 2 writes its strings. */
  oldText: (value: string) => bytes('U', uint(value.length, 1), value),
  integer: (value: number) =>
    value < 256
      ? bytes('K', value)
      : value < 2 ** 31
        ? bytes('J', uint(value, 4))
        : bytes(0x8a, 9, uint(value, 8), 0),
  tuple: (...items: Uint8Array[]) => bytes('(', ...items, 't'),
  list: (...items: Uint8Array[]) => bytes('](', ...items, 'e'),
  dict: (...pairs: Uint8Array[]) => bytes('}(', ...pairs, 'u'),
  global: (module: string, name: string) => bytes(`c${module}\n${name}\n`),
  call: (callee: Uint8Array, ...args: Uint8Array[]) => bytes(callee, pickle.tuple(...args), 'R'),
  persistent: (...id: Uint8Array[]) => bytes(pickle.tuple(...id), 'Q'),
};

const { text, integer, tuple, list, none, global, call, persistent } = pickle;
export const orderedDict = global('collections', 'OrderedDict');

export interface SampleStorage {
  readonly key: string;
  readonly className: string;
  /** Its elements, little-endian. */
  readonly data: Uint8Array;
  readonly length: number;
}

export function floats(key: string, values: readonly number[]): SampleStorage {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return { key, className: 'FloatStorage', data, length: values.length };
}

export interface SampleView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
export function tensor(
  storage: SampleStorage,
  { shape, strides, offset = 0 }: SampleView,
  extraId: Uint8Array[] = [],
) {
  const { key, className, length } = storage;
  const id = [text('storage'), global('torch', className), text(key), text('cuda:0'), integer(length)];
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    persistent(...id, ...extraId),
    integer(offset),
    tuple(...shape.map(integer)),
    tuple(...strides.map(integer)),
    bytes(0x89),
    call(orderedDict),
  );
}

/** A file of the form up to PyTorch 1.5. */
export function legacyFile(object: Uint8Array, storages: readonly SampleStorage[], keyText = text): Buffer {
  const magic = Buffer.from('6cfc9c46f9206aa85019', 'hex');
  return bytes(
    pickle.file(bytes(0x8a, magic.length, magic)),
    pickle.file(bytes('M', uint(1001, 2))),
    pickle.file(pickle.dict(text('little_endian'), bytes(0x88))),
    pickle.file(object),
    pickle.file(list(...storages.map(({ key }) => keyText(key)))),
    ...storages.flatMap(({ data, length }) => [uint(length, 8), data]),
  );
}

/** The files of PyTorch's zip form. */
export function zipContents(object: Uint8Array, storages: readonly SampleStorage[]): [string, Uint8Array][] {
  return [
    ['archive/data.pkl', object],
    ['archive/byteorder', Buffer.from('little')],
    ...storages.map(({ key, data }): [string, Uint8Array] => [`archive/data/${key}`, data]),
    ['archive/version', Buffer.from('3\n')],
  ];
}

export interface ZipOptions {
  /** All sizes and offsets in the fields for files beyond 4 GiB. */
  readonly zip64?: boolean;
  /** Whether check sums are written; PyTorch can leave them out. */
  readonly checkSums?: boolean;
  /** As the archive names it: 0 is none, 8 deflate. */
  readonly compression?: number;
}

/** An uncompressed archive. */
export function zipFile(
  contents: readonly (readonly [string, Uint8Array])[],
  options: ZipOptions = {},
): Buffer {
  const { zip64 = false, checkSums = true, compression = 0 } = options;
  const inField = (value: number) => uint(zip64 ? 0xffffffff : value, 4);
  const extra = (...values: number[]) =>
    zip64 ? bytes(uint(1, 2), uint(8 * values.length, 2), ...values.map((value) => uint(value, 8))) : bytes();
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const [name, data] of contents) {
    const sizes = extra(data.length, data.length);
    const common = bytes(
      uint(compression, 2),
      uint(0, 4),
      uint(checkSums ? crc32(data) : 0, 4),
      inField(data.length),
      inField(data.length),
      uint(name.length, 2),
    );
    const entry = bytes(
      uint(0x04034b50, 4),
      uint(45, 2),
      uint(0, 2),
      common,
      uint(sizes.length, 2),
      name,
      sizes,
      data,
    );
    const place = extra(data.length, data.length, position);
    directory.push(
      bytes(uint(0x02014b50, 4), uint(45, 2), uint(45, 2), uint(0, 2), common, uint(place.length, 2)),
      bytes(uint(0, 2), uint(0, 2), uint(0, 2), uint(0, 4), inField(position), name, place),
    );
    local.push(entry);
    position += entry.length;
  }
  const list = bytes(...directory);
  const count = contents.length;
  const end64 = bytes(
    bytes(uint(0x06064b50, 4), uint(44, 8), uint(45, 2), uint(45, 2), uint(0, 4), uint(0, 4)),
    bytes(uint(count, 8), uint(count, 8), uint(list.length, 8), uint(position, 8)),
    bytes(uint(0x07064b50, 4), uint(0, 4), uint(position + list.length, 8), uint(1, 4)),
  );
  const end = bytes(
    bytes(uint(0x06054b50, 4), uint(0, 4), uint(count, 2), uint(count, 2)),
    bytes(inField(list.length), inField(position), uint(0, 2)),
  );
  return bytes(...local, list, zip64 ? end64 : bytes(), end);
}

/** A state dict as Python 2 writes it: from a list of pairs, its texts byte strings. */
export function oldStateDict(entries: readonly (readonly [string, Uint8Array])[]): Buffer {
  return call(orderedDict, list(...entries.map(([key, value]) => list(pickle.oldText(key), value))));
}

export function stateDict(entries: readonly (readonly [string, Uint8Array])[]): Buffer {
  return bytes(
    call(orderedDict),
    '(',
    ...entries.flatMap(([key, value]) => [text(key), value]),
    'u',
    // What modules keep beside their weights.
    pickle.dict(text('_metadata'), call(orderedDict)),
    'b',
  );
}

export { none };
