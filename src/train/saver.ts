/** Saves checkpoints beside the running training. */
import { type CheckpointHead, pruneCheckpoints, writeCheckpoint } from '../formats/checkpoint.ts';
import type { TensorToStore } from '../formats/safetensors.ts';

export interface SaverOptions {
  readonly folder: string;
  /** Minutes between checkpoints. */
  readonly minutes: number;
  /** How many of the newest to keep. */
  readonly keep: number;
}

export class CheckpointSaver {
  readonly #options: SaverOptions;
  #last = Date.now();
  #writing: Promise<string | undefined> = Promise.resolve(undefined);
  #step = -1;

  constructor(options: SaverOptions) {
    this.#options = options;
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
   * A step that has been saved is not saved again.
   */
  async save(
    step: number,
    take: () => { head: CheckpointHead; tensors: Record<string, [string, TensorToStore][]> },
  ) {
    if (step === this.#step) return;
    await this.#writing;
    const { head, tensors } = take();
    this.#step = step;
    this.#last = Date.now();
    this.#writing = this.#write(head, tensors);
    // The failure is thrown by the next wait; until then it must not count as unhandled.
    this.#writing.catch(() => {});
  }

  /** Waits until everything is on the disk. Returns the path of the last checkpoint. */
  async finish(): Promise<string | undefined> {
    return this.#writing;
  }

  async #write(head: CheckpointHead, tensors: Record<string, [string, TensorToStore][]>): Promise<string> {
    const { folder, keep } = this.#options;
    const path = await writeCheckpoint(folder, head, tensors);
    await pruneCheckpoints(folder, keep);
    return path;
  }
}
