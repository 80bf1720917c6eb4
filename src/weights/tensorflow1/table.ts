/**
 * TensorFlow's sorted tables (tensorflow/core/lib/io/table_format.txt), LevelDB's format: blocks of entries, a block
 * that lists them, and a footer that says where that one is.
 */
import type { FileBytes } from '../../runtime/files.ts';

const FOOTER = 48;
const MAGIC = 'db4775248b80fb57';
/** Bytes after each block: one for the compression, four for the check sum. */
const TRAILER = 5;
/** Of all names together; names that share beginnings are longer than the file. A thousand variables have 0.1 MB. */
const MAX_KEY_BYTES = 2 ** 26;

/** Where a block is. */
interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * All entries by their keys, whose bytes are taken as characters.
 *
 * @throws UserError when the file is no such table, is damaged or compressed.
 */
export function readTable(file: FileBytes): Map<string, Uint8Array> {
  const footer = file.read(Math.max(0, file.size - FOOTER), Math.min(file.size, FOOTER));
  const end = Buffer.from(footer).subarray(-8).reverse().toString('hex');
  if (end !== MAGIC) throw file.damaged(`${MAGIC} at its end`, end || 'an empty file');
  const input = new Input(file, footer);
  input.handle(); // Of meta data that TensorFlow leaves empty.
  const entries = new Map<string, Uint8Array>();
  let keyBytes = 0;
  for (const [, value] of readBlock(file, input.handle())) {
    for (const [key, content] of readBlock(file, new Input(file, value).handle())) {
      keyBytes += key.length;
      if (keyBytes > MAX_KEY_BYTES) throw file.damaged(`names of at most ${MAX_KEY_BYTES} bytes`, 'more');
      if (entries.has(key)) throw file.damaged('every name once', JSON.stringify(key.slice(0, 80)));
      entries.set(key, content);
    }
  }
  return entries;
}

function* readBlock(file: FileBytes, { offset, size }: Handle): Generator<[key: string, value: Uint8Array]> {
  const block = Buffer.from(file.read(offset, size + TRAILER).buffer);
  if (maskedCrc32c(block.subarray(0, size + 1)) !== block.readUInt32LE(size + 1))
    throw file.damaged('a block with its check sum', `another sum at offset ${offset}`);
  if (block[size] !== 0) throw file.damaged('a block that is not compressed', `compression ${block[size]}`);
  // A block ends with a list of positions at which a search can begin, and the list's length. They are not needed here.
  const places = size >= 4 ? block.readUInt32LE(size - 4) : 0;
  const length = size - 4 * (places + 1);
  if (length < 0) throw file.damaged('a block with its places', `${places} places in ${size} bytes`);
  const input = new Input(file, block.subarray(0, length));
  let key = '';
  while (!input.atEnd) {
    const [shared, own, valueLength] = [input.varint(), input.varint(), input.varint()];
    if (shared > key.length)
      throw file.damaged(`a name that shares at most ${key.length} bytes`, `${shared}`);
    key = key.slice(0, shared) + Buffer.from(input.take(own)).toString('latin1');
    yield [key, input.take(valueLength)];
  }
}

/** Reads numbers and bytes one after another. */
class Input {
  readonly #file: FileBytes;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(file: FileBytes, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Seven bits a byte, the lowest first. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const [byte] = this.take(1) as unknown as [number];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw this.#file.damaged('a number', 'one of more than eight bytes');
  }

  handle(): Handle {
    return { offset: this.varint(), size: this.varint() };
  }

  take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length)
      throw this.#file.damaged(`${length} bytes more in a block`, `${this.#bytes.length - this.#position}`);
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}

/** CRC-32C (Castagnoli's polynomial), which TensorFlow's files use; Node's zlib has CRC-32 only. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

/** The check sum of bytes as TensorFlow stores it: turned and shifted (tensorflow/core/lib/hash/crc32c.h, Mask). */
export function maskedCrc32c(bytes: Uint8Array): number {
  let value = -1;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  value = ~value;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}
