/** A run's log: `log.jsonl`, one JSON object a line, and the same numbers and pictures for TensorBoard. */
import { closeSync, createReadStream, existsSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { RunFolder } from '../core/run-folder.ts';
import type { GridImage } from '../data/picture-grid.ts';
import type { Measurements } from '../eval/validation.ts';
import { SummaryWriter } from '../ops/summary.ts';
import { tf } from '../ops/tf.ts';
import { ifThere } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { MlflowLog } from './mlflow.ts';

export interface StepRecord {
  /** Optimiser steps since the run began. */
  readonly step: number;
  readonly stage: string;
  readonly stageStep: number;
  /** How long the stage has been running, where that can end it. */
  readonly stageSeconds?: number | undefined;
  readonly losses: Readonly<Record<string, number>>;
  /** Euclidean lengths. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  /** Where the stage says what its optimisers' is. */
  readonly learningRate?: number | undefined;
  readonly imagesPerSecond: number;
  /** Floating-point operations a second as a share of the most that the device does, where a step's are known. */
  readonly mfu?: number | undefined;
  /** Of held-out samples, at a checkpoint. */
  readonly validation?: Measurements | undefined;
}

export interface RunLogOptions {
  readonly reporter: Reporter;
  /** Goes on after this step; what an earlier process logged beyond it no longer counts. */
  readonly after?: number | undefined;
  /** Gets the same numbers and pictures; whoever opened it closes it. */
  readonly mlflow?: MlflowLog | undefined;
}

/**
 * Disk errors do not end a training: lines wait until they can be written, and TensorBoard's events, which are a copy,
 * end with a warning.
 */
export class RunLog {
  readonly #path: string;
  readonly #file: number;
  readonly #reporter: Reporter;
  readonly #summary: SummaryWriter;
  readonly #mlflow: MlflowLog | undefined;
  /** Bytes of whole lines, and what is to follow them. */
  #written: number;
  #waiting: Buffer[] = [];
  #warned = false;
  #summaryEnded = false;

  private constructor(run: RunFolder, { reporter, after = 0, mlflow }: RunLogOptions, written: number) {
    const again = existsSync(run.log);
    this.#path = run.log;
    this.#written = written;
    this.#reporter = reporter;
    this.#file = openSync(run.log, 'a');
    this.#summary = new SummaryWriter(run.events);
    this.#mlflow = mlflow;
    if (again) this.#summarize((summary) => summary.restart(after + 1));
  }

  /** Opens the log of a run's folder for appending, and cuts off what lies beyond `options.after`. */
  static async open(run: RunFolder, options: RunLogOptions): Promise<RunLog> {
    return new RunLog(run, options, await cutLog(run.log, options.after ?? 0));
  }

  /** Writes a step with the time and the memory in use. TensorBoard and MLflow group losses by stage. */
  step(record: StepRecord): void {
    const memory = {
      /** Tensors alive; it stays flat. */
      tensors: tf.memory().numTensors,
      tensorMegabytes: round(tf.memory().numBytes / 2 ** 20),
      residentMegabytes: round(process.memoryUsage.rss() / 2 ** 20),
    };
    const line = { time: new Date().toISOString(), ...record, ...memory };
    this.#waiting.push(Buffer.from(`${JSON.stringify(line)}\n`));
    this.#write();
    const group = record.stage.replaceAll(/[^\w=.-]+/g, '_');
    const losses = Object.entries(record.losses).map(([name, value]) => [`${group}/${name}`, value] as const);
    const norms = Object.entries(record.gradientNorms).map(
      ([name, value]) => [`${group}/gradient_norm/${name}`, value] as const,
    );
    const validation = Object.entries(record.validation ?? {}).map(
      ([name, value]) => [`${group}/validation/${name}`, value] as const,
    );
    const scalars = {
      ...Object.fromEntries([...losses, ...norms, ...validation]),
      ...(record.learningRate !== undefined && { [`${group}/learning_rate`]: record.learningRate }),
      'speed/images_per_second': record.imagesPerSecond,
      ...(record.mfu !== undefined && { 'speed/mfu': record.mfu }),
      'memory/tensors': memory.tensors,
      'memory/resident_megabytes': memory.residentMegabytes,
    };
    this.#summarize((summary) => summary.scalars(record.step, scalars));
    this.#mlflow?.scalars(record.step, scalars);
  }

  /** A sample grid, for TensorBoard and MLflow. */
  grid(step: number, image: GridImage): void {
    this.#mlflow?.picture(step, image.png);
    this.#summarize((summary) => {
      summary.image(step, 'samples', image);
      summary.flush();
    });
  }

  /** Brings everything logged so far to the disk. Throws when that is not possible. */
  async sync(): Promise<void> {
    const failure = this.#write();
    if (failure) throw failure;
    this.#summarize((summary) => summary.flush());
    await promisify(fsync)(this.#file).catch((error: NodeJS.ErrnoException) => {
      // Not a file on a disk, such as a pipe.
      if (error.code !== 'EINVAL') throw error;
    });
  }

  close(): void {
    const failure = this.#write();
    if (failure) this.#reporter.warn(`${this.#waiting.length} lines of ${this.#path} are lost.`);
    closeSync(this.#file);
    this.#summarize((summary) => summary.flush());
    this.#summary.close();
  }

  /** Appends the lines that wait. A part of a line that got through is taken back, so that lines are whole. */
  #write(): Error | undefined {
    try {
      while (this.#waiting.length > 0) {
        const line = this.#waiting[0];
        for (let done = 0; done < line.length; ) done += writeSync(this.#file, line, done);
        this.#waiting.shift();
        this.#written += line.length;
      }
      this.#warned = false;
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      if (!this.#warned)
        this.#reporter.warn(`${this.#path} cannot be written, its lines wait in memory: ${message}`);
      this.#warned = true;
      try {
        ftruncateSync(this.#file, this.#written);
      } catch {
        // Nothing that could be taken back.
      }
      return error as Error;
    }
  }

  #summarize(write: (summary: SummaryWriter) => void): void {
    if (this.#summaryEnded) return;
    try {
      write(this.#summary);
    } catch (error) {
      this.#summaryEnded = true;
      this.#reporter.warn(`TensorBoard's events end here: ${(error as Error).message}`);
    }
  }
}

/**
 * Cuts a log off before the first line of a later step than `step`, or that is not whole, as a process that was killed
 * leaves it. Returns the bytes that stay.
 */
async function cutLog(path: string, step: number): Promise<number> {
  const size = (await ifThere(stat(path)))?.size ?? 0;
  let kept = 0;
  if (size === 0) return kept;
  const input = createReadStream(path, { end: size - 1 });
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const end = kept + Buffer.byteLength(line) + 1;
    if (!(stepOf(line) <= step) || end > size) break;
    kept = end;
  }
  input.destroy();
  if (kept < size) await truncate(path, kept);
  return kept;
}

/** NaN for what is no line of a log. */
function stepOf(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step);
  } catch {
    return Number.NaN;
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
