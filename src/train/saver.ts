/** Saves checkpoints beside the running training. */
import { setTimeout } from 'node:timers/promises';
import { pruneCheckpoints } from '../core/checkpoint.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { BestCheckpoint } from './best.ts';
import type { WriteRequest } from './checkpoint-worker.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';

/** So many checkpoints in a row may fail to be written; with the next the training would run for nothing. */
const MOST_FAILURES = 3;
/** Between attempts to write the last one, when nothing else is left to do. */
const RETRY_MS = 5_000;

export interface SaverOptions {
  readonly folder: string;
  /** Minutes between checkpoints. */
  readonly minutes: number;
  /** How many of the newest to keep, besides the best. */
  readonly keep: number;
  readonly reporter: Reporter;
  /** The checkpoint that the training goes on from. */
  readonly saved?: Saved | undefined;
  /** Brings everything else that belongs to the step to the disk; when it fails there is no checkpoint. */
  readonly beforehand: () => Promise<void>;
  /** Finds the best checkpoint, which is kept; undefined where none was measured. */
  readonly best: () => Promise<BestCheckpoint | undefined>;
}

export interface Saved {
  readonly step: number;
  readonly path: string;
}

type Snapshot = Omit<WriteRequest, 'folder'>;

export class CheckpointSaver {
  readonly #options: SaverOptions;
  readonly #writer = new CheckpointWriter();
  #last = Date.now();
  #writing: Promise<void> = Promise.resolve();
  #step: number;
  /** The newest that is whole. */
  #saved: Saved | undefined;
  #failures = 0;
  #take: (() => Snapshot) | undefined;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.#saved = options.saved;
    this.#step = options.saved?.step ?? -1;
  }

  /** Whether nothing was saved yet. */
  get empty(): boolean {
    return this.#step < 0;
  }

  /** Whether it is time for the next checkpoint. */
  get due(): boolean {
    return Date.now() - this.#last >= this.#options.minutes * 60_000;
  }

  /**
   * Takes a copy of the state by `take` and writes it while the caller goes on; waits only for the checkpoint before.
   * A step that has been saved is not saved again. A checkpoint that cannot be written is warned of.
   *
   * @throws UserError when it is the third in a row.
   */
  async save(step: number, take: () => Snapshot): Promise<void> {
    if (step === this.#step) return;
    await this.#writing;
    if (this.#failures >= MOST_FAILURES) throw this.#giveUp();
    this.#step = step;
    this.#take = take;
    this.#last = Date.now();
    this.#writing = this.#write(step, take());
  }

  /**
   * Waits until everything is on the disk; tries again where that failed. Call it while the state is still that of the
   * last `save`. Returns the path of the last checkpoint.
   *
   * @throws UserError when it cannot be written.
   */
  async finish(): Promise<string> {
    await this.#writing;
    while (this.#saved?.step !== this.#step) {
      if (this.#failures >= MOST_FAILURES) throw this.#giveUp();
      await setTimeout(RETRY_MS);
      await this.#write(this.#step, this.#take!());
    }
    return this.#saved.path;
  }

  /** Ends its thread, once the checkpoint in work is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#writer.close();
  }

  async #write(step: number, snapshot: Snapshot): Promise<void> {
    const { folder, keep, reporter, beforehand, best } = this.#options;
    try {
      await beforehand();
      const path = await this.#writer.write({ folder, ...snapshot });
      this.#saved = { step, path };
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      reporter.warn(
        `The checkpoint of step ${step} cannot be written (${this.#failures} of at most ${MOST_FAILURES} in a row): ` +
          `${(error as Error).message}. ${this.#lastWhole()}`,
      );
      return;
    }
    try {
      await pruneCheckpoints(folder, keep, (await best())?.path);
    } catch (error) {
      reporter.warn(`Old checkpoints in ${folder} cannot be removed: ${(error as Error).message}`);
    }
  }

  #lastWhole(): string {
    return this.#saved ? `The last whole one is ${this.#saved.path}.` : 'There is none before it.';
  }

  #giveUp(): UserError {
    return new UserError('Training ends: its checkpoints cannot be written.', {
      where: this.#options.folder,
      expected: 'a folder that can be written to, on a disk with space',
      got: `${this.#failures} failures in a row, see the warnings. ${this.#lastWhole()}`,
      fix: 'free disk space or correct the permissions, then go on with `npm run train -- --resume RUN`',
    });
  }
}
