/** Keeps on disk what an evaluation has measured so far, so that it goes on from there after an interrupt. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { readBytes, writeFileAtomically } from '../runtime/files.ts';
import type { SetStatistics } from './metrics/metric.ts';

/** A pass over the set, done up to an item. */
export interface PassState {
  /** The number of items that are done. */
  readonly done: number;
  /** For each candidate a table [items, columns], filled up to `done`. */
  readonly values: readonly Float64Array[];
  /** For each candidate the statistics of every metric of sets. */
  readonly statistics: readonly (readonly ReturnType<SetStatistics['state']>[])[];
}

const HASH_BYTES = 32;

/** A file for each pass, `OUT/.shards/KEY/PASS.bin`. */
export class Shards {
  readonly #folder: string;
  readonly #root: string;

  /** @param identity everything that the measurements depend on. Shards of another identity are not used. */
  constructor(out: string, identity: readonly unknown[]) {
    this.#root = join(out, '.shards');
    const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
    this.#folder = join(this.#root, key);
  }

  /** The state of a pass; undefined if none was saved or it is damaged. */
  async load(pass: string): Promise<PassState | undefined> {
    try {
      const file = await readBytes(this.pathOf(pass));
      const content = file.subarray(HASH_BYTES);
      if (!digest(content).equals(file.subarray(0, HASH_BYTES))) return undefined;
      return deserialize(content) as PassState;
    } catch {
      // The pass is measured again, so nothing is lost.
      return undefined;
    }
  }

  async save(pass: string, state: PassState): Promise<void> {
    const content = serialize(state);
    await writeFileAtomically(this.pathOf(pass), Buffer.concat([digest(content), content]));
  }

  /** Removes all shards, those of other identities too. */
  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  /** Where the state of a pass is kept. */
  pathOf(pass: string): string {
    return join(this.#folder, `${pass}.bin`);
  }
}

const digest = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();
