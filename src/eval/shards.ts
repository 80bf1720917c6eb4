/** What an evaluation has measured so far, on disk, so that one that was interrupted goes on where it was. */
import { createHash } from 'node:crypto';
import { access, constants, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { SetStatistics } from './metrics/metric.ts';

/** A part of the work, done up to an item. */
export interface PartState {
  /** Items that are measured. */
  readonly done: number;
  /** For each variant a table [items, columns], filled up to `done`. */
  readonly values: readonly Float64Array[];
  /** For each variant the statistics of every metric of sets. */
  readonly statistics: readonly (readonly ReturnType<SetStatistics['state']>[])[];
}

const HASH_BYTES = 32;

export class Shards {
  readonly #folder: string;
  readonly #root: string;

  /** @param identity everything that the measurements depend on; what another identity left is not used. */
  constructor(out: string, identity: readonly unknown[]) {
    this.#root = join(out, '.shards');
    const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
    this.#folder = join(this.#root, key);
  }

  /** A part's state; undefined when there is none, or it is damaged. */
  async load(part: string): Promise<PartState | undefined> {
    try {
      const file = await readFile(this.#path(part));
      const content = file.subarray(HASH_BYTES);
      if (!digest(content).equals(file.subarray(0, HASH_BYTES))) return undefined;
      return deserialize(content) as PartState;
    } catch {
      // The part is measured again, so nothing is lost.
      return undefined;
    }
  }

  async save(part: string, state: PartState): Promise<void> {
    const content = serialize(state);
    await writeFileAtomically(this.#path(part), Buffer.concat([digest(content), content]));
  }

  /** Removes everything, other identities' too. */
  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  #path(part: string): string {
    return join(this.#folder, `${part}.bin`);
  }
}

/** Makes a folder for results. @throws UserError when that is not possible, before any work is done. */
export async function requireWritable(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    await access(out, constants.W_OK);
  } catch (error) {
    throw new UserError('The results cannot be written.', {
      where: `--out ${out}`,
      expected: 'a folder, or a place for one',
      got: (error as Error).message,
    });
  }
}

const digest = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();
