/** A run's log: `log.jsonl`, one JSON object a line, and the same numbers and pictures for TensorBoard. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { SummaryWriter } from '../runtime/summary.ts';
import { tf } from '../runtime/tf.ts';
import type { GridImage } from './grid.ts';
import type { RunFolder } from './run-folder.ts';

export interface StepRecord {
  /** Optimiser steps since the run began. */
  readonly step: number;
  readonly stage: string;
  readonly stageStep: number;
  readonly losses: Readonly<Record<string, number>>;
  /** Euclidean lengths. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly imagesPerSecond: number;
}

export class RunLog {
  readonly #file: number;
  readonly #summary: SummaryWriter;

  /** Opens the log of a run's folder for appending. */
  constructor(run: RunFolder) {
    this.#file = openSync(run.log, 'a');
    this.#summary = new SummaryWriter(run.events);
  }

  /** Writes a step with the time and the memory in use. TensorBoard groups losses by stage. */
  step(record: StepRecord): void {
    const memory = {
      /** Tensors alive; it stays flat. */
      tensors: tf.memory().numTensors,
      tensorMegabytes: round(tf.memory().numBytes / 2 ** 20),
      residentMegabytes: round(process.memoryUsage.rss() / 2 ** 20),
    };
    const line = { time: new Date().toISOString(), ...record, ...memory };
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    const group = record.stage.replaceAll(/[^\w=.-]+/g, '_');
    const losses = Object.entries(record.losses).map(([name, value]) => [`${group}/${name}`, value] as const);
    const norms = Object.entries(record.gradientNorms).map(
      ([name, value]) => [`${group}/gradient_norm/${name}`, value] as const,
    );
    this.#summary.scalars(record.step, {
      ...Object.fromEntries([...losses, ...norms]),
      'speed/images_per_second': record.imagesPerSecond,
      'memory/tensors': memory.tensors,
      'memory/resident_megabytes': memory.residentMegabytes,
    });
  }

  /** A sample grid, for TensorBoard. */
  grid(step: number, image: GridImage): void {
    this.#summary.image(step, 'samples', image);
    this.#summary.flush();
  }

  close(): void {
    closeSync(this.#file);
    this.#summary.close();
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
