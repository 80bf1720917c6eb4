/**
 * Hashes of images, kept in `cache/file-hashes.json` by path, size and times of change of their files, so that what has not
 * changed is not read again. A file that was moved or touched is read once more and is known by its content.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readState } from '../runtime/files.ts';
import { writeCacheFile } from './cache-file.ts';
import { imageInput, readAgain } from './decode.ts';
import type { ImageFile } from './types.ts';

/** What is known of a file: the hashes of its images, by where they lie in it. */
const known = z.object({
  size: z.number(),
  mtimeMs: z.number(),
  ctimeMs: z.number(),
  hashes: z.record(z.string(), z.string()),
});
type Known = z.output<typeof known>;

/** File systems tell times of change to 2 s at worst; of a file that is younger, a later change might not show. */
const YOUNG_MS = 3_000;
/** Hexadecimal digits of a hash, which is the beginning of a SHA-256. */
const DIGITS = 24;

export class FileHashes {
  readonly #path: string;
  readonly #known: Map<string, Known>;
  readonly #looked = new Map<string, Promise<Known>>();
  #changed = false;

  private constructor(path: string, known: Map<string, Known>) {
    this.#path = path;
    this.#known = known;
  }

  /** @param cache `data.cache`. */
  static async open(cache: string): Promise<FileHashes> {
    const path = join(cache, 'file-hashes.json');
    // Without the file, or with a damaged one, the photos are read again.
    const found = await readState(path, z.record(z.string(), known));
    return new FileHashes(path, new Map(Object.entries(found ?? {})));
  }

  /** @throws an error that says why, when the image cannot be read. */
  async of(image: ImageFile): Promise<string> {
    const path = resolve(image.path);
    let looked = this.#looked.get(path);
    if (!looked) {
      looked = this.#look(path);
      this.#looked.set(path, looked);
    }
    const { hashes } = await looked;
    const { part } = image;
    const place = part ? `${part.offset}+${part.length}` : 'all';
    const known = hashes[place];
    if (known) return known;
    const hash = createHash('sha256')
      .update(await imageInput(image))
      .digest('hex')
      .slice(0, DIGITS);
    hashes[place] = hash;
    this.#changed = true;
    return hash;
  }

  async #look(path: string): Promise<Known> {
    const { size, mtimeMs, ctimeMs } = await readAgain(() => stat(path));
    const known = this.#known.get(path);
    if (known?.size === size && known.mtimeMs === mtimeMs && known.ctimeMs === ctimeMs) return known;
    const fresh = { size, mtimeMs, ctimeMs, hashes: {} };
    this.#known.delete(path);
    if (Math.abs(Date.now() - ctimeMs) > YOUNG_MS) this.#known.set(path, fresh);
    return fresh;
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    // A cache that is read-only serves, too: the photos are read again next time.
    await writeCacheFile(this.#path, JSON.stringify(Object.fromEntries(this.#known))).catch(() => {});
    this.#changed = false;
  }
}
