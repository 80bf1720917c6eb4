/** Positioned reads of one file. Nothing is allocated for a range before it is known to lie within the file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { UserError } from './errors.ts';

const CHUNK = 2 ** 20;

export class FileBytes {
  readonly path: string;
  readonly size: number;
  readonly #format: string;
  readonly #descriptor: number;

  /**
   * Opens a file. Throws a UserError when it is none, or cannot be read.
   *
   * @param format for messages, for example `PyTorch file`.
   */
  constructor(path: string, format: string) {
    this.path = path;
    this.#format = format;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw new UserError('A weight file cannot be opened.', { where: path, got: (error as Error).message });
    }
    const status = fstatSync(this.#descriptor);
    this.size = status.size;
    if (status.isFile()) return;
    closeSync(this.#descriptor);
    throw new UserError('A weight file cannot be opened.', {
      where: path,
      expected: 'a regular file',
      got: 'a folder or device',
    });
  }

  /** The bytes of a range, in memory of their own. Throws a UserError when the file ends before the range does. */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    this.#requireRange(position, length);
    const target = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(
        this.#descriptor,
        target,
        done,
        Math.min(length - done, 2 ** 30),
        position + done,
      );
      if (count === 0) throw this.damaged('the size it had', 'a file that was cut off while it was read');
      done += count;
    }
    return target;
  }

  /** CRC-32 of a range, read in pieces. */
  crc32(position: number, length: number): number {
    this.#requireRange(position, length);
    let value = 0;
    for (let done = 0; done < length; done += CHUNK)
      value = crc32(this.read(position + done, Math.min(CHUNK, length - done)), value);
    return value;
  }

  #requireRange(position: number, length: number): void {
    const sound =
      Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
    if (!sound || position + length > this.size)
      throw this.damaged(`${length} bytes at offset ${position}`, `the file's end after ${this.size} bytes`);
  }

  /** The error of a file that is not what it says it is. */
  damaged(expected: string, got: string): UserError {
    return new UserError(`A ${this.#format} is damaged.`, {
      where: this.path,
      expected,
      got,
      fix: 'download or copy the file again, and compare its size with the original’s',
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
