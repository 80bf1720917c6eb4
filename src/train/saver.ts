/**
 * Checkpoints of a running training: copied from its tensors, written by a thread while it goes on, and removed again but
 * for the newest and the best.
 */
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type CheckpointHead, listCheckpoints, pruneCheckpoints, readManifest } from '../core/checkpoint.ts';
import type { Method, Trainable } from '../core/method.ts';
import { STAGE_FILE } from '../core/stored-networks.ts';
import { isBetter } from '../eval/metrics/metric.ts';
import type { Criterion } from '../eval/validation.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { attribute, runOp } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { Threads } from '../runtime/workers.ts';
import type { TensorData, TensorToStore } from '../weights/safetensors.ts';

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

/** A checkpoint's content: its head, and arrays by file and name. */
export interface Snapshot {
  readonly head: CheckpointHead;
  readonly tensors: Readonly<Record<string, readonly [string, TensorToStore][]>>;
}

export class CheckpointSaver {
  readonly #options: SaverOptions;
  readonly #writer = new CheckpointWriter();
  #last = performance.now();
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
    return performance.now() - this.#last >= this.#options.minutes * 60_000;
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
    this.#last = performance.now();
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
      if (!this.#take) throw new Error('There is no checkpoint to finish: nothing was saved.');
      if (this.#failures >= MOST_FAILURES) throw this.#giveUp();
      await setTimeout(RETRY_MS);
      await this.#write(this.#step, this.#take());
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
      const path = await this.#writer.write(folder, snapshot);
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
      fix: `free disk space or correct the permissions, then go on: ${commandLine('train', '--resume', dirname(this.#options.folder))}`,
    });
  }
}

/** Writes checkpoints on a thread: hashing them and waiting for the disk takes no time from the training. */
export class CheckpointWriter {
  readonly #thread = new Threads<typeof import('../core/checkpoint.ts')>(
    new URL('../core/checkpoint.ts', import.meta.url),
  );

  /** Writes `FOLDER/step-N` and returns its path. The arrays are given away: they are empty afterwards. */
  write(folder: string, { head, tensors }: Snapshot): Promise<string> {
    const arrays = Object.values(tensors).flatMap((file) => file.map(([, { data }]) => data.buffer));
    return this.#thread.run('writeCheckpoint', [folder, head, tensors], arrays);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

/** Copies all networks' weights, a file each, and the running stage's other state. */
export function takeSnapshot(method: Method, trainable: Trainable): Snapshot['tensors'] {
  const files: Record<string, [string, TensorToStore][]> = {};
  const known = new Set<string>();
  for (const [file, network] of Object.entries(method.networks)) {
    const weights = Object.entries(namedWeights(network));
    files[file] = weights.map(([name, weight]) => [name, toArray(weight)]);
    for (const [name] of weights) known.add(name);
  }
  const state = trainable.state();
  files[STAGE_FILE] = Object.entries(state)
    .filter(([name]) => !known.has(name))
    .map(([name, tensor]) => [name, toArray(tensor)]);
  tf.dispose(state);
  return files;
}

/** An array of its own: TF.js hands out the one that a tensor was made from, which may not be given away. */
function toArray(tensor: Tensor): TensorToStore {
  const type = attribute.type('T', tensor.dtype as 'float32' | 'int32');
  const copy = runOp('Identity', [type], [tensor]);
  const data = copy.dataSync() as TensorData;
  copy.dispose();
  return { shape: tensor.shape, data };
}

export interface BestCheckpoint {
  readonly path: string;
  readonly step: number;
  /** The metric's title, and its mean over the validation samples. */
  readonly title: string;
  readonly value: number;
}

/**
 * The checkpoint that is best by a criterion among those of the newest one's stage, for measurements of different
 * stages do not compare; of equal ones the newest. Undefined where none was measured.
 */
export async function bestCheckpoint(
  folder: string,
  { key, title, better }: Criterion,
): Promise<BestCheckpoint | undefined> {
  let stage: number | undefined;
  let best: BestCheckpoint | undefined;
  for (const { path, step } of (await listCheckpoints(folder)).reverse()) {
    // A damaged one is neither the best nor a reason to end.
    const manifest = await readManifest(path).catch(() => undefined);
    if (!manifest) continue;
    stage ??= manifest.stage.index;
    const value = manifest.metrics[key];
    if (manifest.stage.index !== stage || value === undefined) continue;
    if (!best || isBetter(better, value, best.value)) best = { path, step, title, value };
  }
  return best;
}
