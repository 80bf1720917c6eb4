/**
 * Checkpoints of a running training: copied from its tensors, written by a thread while it goes on, and removed again but
 * for the newest and the best.
 */
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type CheckpointHead,
  listCheckpoints,
  pruneCheckpoints,
  readWholeManifest,
  STAGE_FILE,
} from '../core/checkpoint.ts';
import type { Method, Trainable } from '../core/method.ts';
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
/** What checkpoints may take of the training's time, as long as nobody says how often they come. */
const SHARE = 0.01;
/** They come no more often than that, ms. */
const SHORTEST_INTERVAL = 60_000;
/** So often one of them is made to stay, ms. */
const LASTING_INTERVAL = 15 * 60_000;
/** Between attempts to write the last one, when nothing else is left to do. */
const RETRY_MS = 5_000;

export interface SaverOptions {
  readonly folder: string;
  /** Minutes between checkpoints, all of which last. Default: as often as they cost little, and one in 15 minutes lasts. */
  readonly minutes: number | undefined;
  /** How many of the newest that last to keep, besides the best. */
  readonly keep: number;
  readonly reporter: Reporter;
  /** The checkpoint that the training goes on from. */
  readonly saved?: Saved | undefined;
  /** Brings everything else that belongs to the step to the disk; when it fails there is no checkpoint. */
  readonly beforehand: () => Promise<void>;
  /** Finds the best checkpoint, which is kept; undefined where none was measured. */
  readonly best: () => Promise<BestCheckpoint | undefined>;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
  /** Ends after so many milliseconds. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

export interface Saved {
  readonly step: number;
  readonly path: string;
  /** Whether it is not one of those that last. */
  readonly passing: boolean;
}

/** A checkpoint's content: its head, and arrays by file and name. */
export interface Snapshot {
  readonly head: CheckpointHead;
  /** Undefined: the file is as it was. */
  readonly tensors: Readonly<Record<string, readonly [string, TensorToStore][] | undefined>>;
  readonly sources: Sources;
}

/** What TensorFlow.js calls the data that a file's tensors had: data of the same name has not changed. */
type Sources = Readonly<Record<string, readonly object[]>>;

/** @param before what the last checkpoint's files were made of, where files that have not changed may be left out. */
type Take = (before?: Sources) => Snapshot;

export class CheckpointSaver {
  readonly #options: SaverOptions;
  readonly #now: () => number;
  readonly #writer = new CheckpointWriter();
  #last: number;
  #lastLasting: number;
  /** What the last one took of the training's time, ms. */
  #cost = 0;
  /** What those before it took. */
  #earlierCosts = 0;
  #written = 0;
  readonly #begin: number;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #step: number;
  /** The newest that is whole. */
  #saved: Omit<Saved, 'passing'> | undefined;
  /** Of the newest, where this process wrote it. */
  #sources: Sources | undefined;
  /** Whether that of the last step is one that passes. */
  #passing: boolean;
  #failures = 0;
  #take: Take | undefined;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#begin = this.#now();
    this.#last = this.#begin;
    this.#lastLasting = this.#begin;
    this.#saved = options.saved;
    this.#step = options.saved?.step ?? -1;
    this.#passing = options.saved?.passing ?? false;
  }

  /** How many checkpoints were written, and the share of the time since the beginning that they took. */
  get spent(): { readonly written: number; readonly share: number } {
    return { written: this.#written, share: (this.#earlierCosts + this.#cost) / (this.#now() - this.#begin) };
  }

  /** Whether it is time for the next checkpoint. */
  get due(): boolean {
    const { minutes } = this.#options;
    const since = this.#now() - this.#last;
    if (minutes !== undefined) return since >= minutes * 60_000;
    // What the one in work costs is not known yet, and training would wait for it.
    return !this.#isWriting && since >= Math.max(SHORTEST_INTERVAL, this.#cost / SHARE);
  }

  /** Whether the next one is to last. */
  get dueToLast(): boolean {
    return this.#options.minutes !== undefined || this.#now() - this.#lastLasting >= LASTING_INTERVAL;
  }

  /**
   * Takes a copy of the state by `take` and writes it while the caller goes on; waits only for the checkpoint before.
   * A step that has been saved is not saved again, unless that checkpoint passes and this one is to last: then it takes its
   * place. A checkpoint that cannot be written is warned of.
   *
   * @param lasts whether it is kept when others follow. Then it has files of its own, so that damage to the disk hits one of
   *   those that last; one that passes shares with the one before it what has not changed.
   * @throws UserError when it is the third in a row.
   */
  async save(step: number, take: Take, lasts = true): Promise<void> {
    if (step === this.#step && !(this.#passing && lasts)) return;
    const begin = this.#now();
    await this.#writing;
    if (this.#failures >= MOST_FAILURES) throw this.#giveUp();
    this.#step = step;
    this.#passing = !lasts;
    this.#take = take;
    const snapshot = take(lasts ? undefined : this.#sources);
    this.#last = this.#now();
    this.#earlierCosts += this.#cost;
    this.#cost = this.#last - begin;
    if (lasts) this.#lastLasting = this.#last;
    this.#isWriting = true;
    this.#writing = this.#write(step, snapshot, lasts).finally(() => {
      this.#isWriting = false;
    });
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
      await (this.#options.wait ?? setTimeout)(RETRY_MS);
      await this.#write(this.#step, this.#take(), true);
    }
    return this.#saved.path;
  }

  /** Ends its thread, once the checkpoint in work is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#writer.close();
  }

  async #write(step: number, snapshot: Snapshot, lasts: boolean): Promise<void> {
    const { folder, keep, reporter, beforehand, best } = this.#options;
    try {
      await beforehand();
      const head: CheckpointHead = { ...snapshot.head, ...(lasts ? {} : { passing: true }) };
      const { path, took } = await this.#writer.write(folder, { ...snapshot, head }, this.#saved?.path);
      this.#saved = { step, path };
      this.#sources = snapshot.sources;
      this.#failures = 0;
      // The thread keeps a core at most, of those that the training would use.
      this.#cost += took / availableParallelism();
      this.#written += 1;
    } catch (error) {
      // The next one is written whole: it may be the one before it that cannot be linked.
      this.#sources = undefined;
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

  /**
   * Writes `FOLDER/step-N`. Returns its path and how long that took, ms. The arrays are given away: they are empty afterwards.
   *
   * @param earlier the checkpoint that has the files which are as they were.
   */
  write(
    folder: string,
    { head, tensors }: Pick<Snapshot, 'head' | 'tensors'>,
    earlier?: string,
  ): Promise<{ path: string; took: number }> {
    const arrays = Object.values(tensors).flatMap((file = []) => file.map(([, { data }]) => data.buffer));
    const hasUnchanged = Object.values(tensors).includes(undefined);
    const args = [folder, head, tensors, hasUnchanged ? earlier : undefined] as const;
    return this.#thread.run('writeCheckpointTimed', [...args], arrays);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

/**
 * Copies all networks' weights, a file each, and the running stage's other state.
 *
 * @param before the sources of an earlier snapshot: networks that have not changed since, as they do not learn in this
 *   stage, are not copied.
 */
export function takeSnapshot(
  method: Pick<Method, 'networks'>,
  trainable: Pick<Trainable, 'state'>,
  before: Sources = {},
): Pick<Snapshot, 'tensors' | 'sources'> {
  const tensors: Record<string, [string, TensorToStore][] | undefined> = {};
  const sources: Record<string, object[]> = {};
  const known = new Set<string>();
  for (const [file, network] of Object.entries(method.networks)) {
    const weights = Object.entries(namedWeights(network));
    sources[file] = weights.map(([, { dataId }]) => dataId);
    const isUnchanged = before[file]?.every((source, i) => source === sources[file][i]);
    tensors[file] = isUnchanged ? undefined : weights.map(([name, weight]) => [name, toArray(weight)]);
    for (const [name] of weights) known.add(name);
  }
  const state = trainable.state();
  tensors[STAGE_FILE] = Object.entries(state)
    .filter(([name]) => !known.has(name))
    .map(([name, tensor]) => [name, toArray(tensor)]);
  tf.dispose(state);
  return { tensors, sources };
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
    // A damaged one is neither the best nor a reason to end; one that cannot be read now may be the best.
    const manifest = await readWholeManifest(path);
    if (!manifest) continue;
    stage ??= manifest.stage.index;
    const value = manifest.metrics[key];
    if (manifest.stage.index !== stage || value === undefined) continue;
    if (!best || isBetter(better, value, best.value)) best = { path, step, title, value };
  }
  return best;
}
