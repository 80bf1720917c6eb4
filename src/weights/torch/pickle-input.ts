/** The bytes of one pickle, read from a file front to back in small pieces. */
import type { FileBytes } from '../../runtime/file-bytes.ts';

const WINDOW = 2 ** 16;
const MAX_INTEGER_BYTES = 64;

export class PickleInput {
  readonly file: FileBytes;
  readonly #end: number;
  #window = Buffer.alloc(0);
  /** Offset of the window in the file. */
  #start: number;
  /** Of the next byte, within the window. */
  #at = 0;

  /** @param end offset in the file before which the pickle ends. */
  constructor(file: FileBytes, start: number, end: number) {
    this.file = file;
    this.#start = start;
    this.#end = end;
  }

  /** Offset in the file of the byte that comes next. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Moves on by `length` bytes. They stay as they are until the next call. Throws a UserError beyond the end. */
  take(length: number): Buffer {
    if (this.#at + length > this.#window.length) {
      const { position } = this;
      const left = this.#end - position;
      if (length > left)
        throw this.file.damaged(`${length} bytes at offset ${position}`, `the pickle’s end after ${left}`);
      const { buffer } = this.file.read(position, Math.min(left, Math.max(length, WINDOW)));
      this.#window = Buffer.from(buffer);
      this.#start = position;
      this.#at = 0;
    }
    this.#at += length;
    return this.#window.subarray(this.#at - length, this.#at);
  }

  uint8(): number {
    return this.take(1)[0];
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  /** Eight bytes, little-endian; lengths of 2^53 and more are beyond any file, so that rounding does no harm. */
  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  /** Eight bytes, big-endian, as pickles hold floating-point numbers. */
  float64(): number {
    return this.take(8).readDoubleBE();
  }

  /** Two's complement, little-endian; a bigint where a number is not exact. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES)
      throw this.file.damaged(
        `an integer of at most ${MAX_INTEGER_BYTES} bytes`,
        `${length} at ${this.position}`,
      );
    const digits = this.take(length).toReversed();
    const value = BigInt.asIntN(8 * length, BigInt(`0x0${Buffer.from(digits).toString('hex')}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  text(length: number): string {
    return this.take(length).toString('utf8');
  }

  /** Up to the next line feed, which is left out. */
  line(limit: number): string {
    let text = '';
    for (let byte = this.uint8(); byte !== 0x0a; byte = this.uint8()) {
      text += String.fromCharCode(byte);
      if (text.length > limit)
        throw this.file.damaged(`a line of at most ${limit} characters`, `a longer one at ${this.position}`);
    }
    return text;
  }
}
