/** The training loop: every stage of a method, with logs, sample grids and checkpoints. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { heldOutBatch } from '../data/held-out.ts';
import type { Batch, PreparedData } from '../data/types.ts';
import { writeFileAtomically } from '../formats/atomic.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import type { Method } from '../models/method.ts';
import type { Reporter } from '../runtime/progress.ts';
import { tf } from '../runtime/tf.ts';
import { CollapseWatch } from './collapse.ts';
import { FaultLog } from './faults.ts';
import { drawGrid } from './grid.ts';
import type { StepValues } from './guard.ts';
import { RunLog } from './log.ts';
import { explainMemory } from './memory.ts';
import type { Plan, PlannedStage } from './plan.ts';
import { sampleIdentity } from './resume-check.ts';
import type { RunFolder } from './run-folder.ts';
import { CheckpointSaver } from './saver.ts';
import { restoreNetworks, takeSnapshot } from './snapshot.ts';
import { RunningStage } from './stage.ts';

export interface Training {
  readonly config: Config;
  readonly method: Method;
  readonly data: PreparedData;
  readonly plan: Plan;
  readonly run: RunFolder;
  readonly reporter: Reporter;
  /** Ends with a checkpoint after this many steps in all. */
  readonly maxSteps?: number;
  /** Ends with a checkpoint after the step in progress. */
  readonly interrupt?: AbortSignal;
  /** Goes on from here; it is one of the run's own checkpoints unless the run is new. */
  readonly from?: Checkpoint;
}

export interface TrainingEnd {
  /** Steps done in all. */
  readonly step: number;
  /** False when it was interrupted, or ended by `maxSteps`, before the plan's end. */
  readonly complete: boolean;
  /** The last checkpoint. */
  readonly checkpoint: string;
  /** The last sample grid. */
  readonly grid: string | undefined;
}

/** Trains from the beginning or from a checkpoint until the plan's end, `maxSteps` or an interrupt. */
export async function train(training: Training): Promise<TrainingEnd> {
  const { run, reporter, from } = training;
  const loop = new Loop(training, await RunLog.open(run, { reporter, after: from?.step }));
  try {
    await loop.readSamples();
    return await loop.run();
  } finally {
    await loop.close();
  }
}

class Loop {
  readonly #training: Training;
  readonly #log: RunLog;
  readonly #saver: CheckpointSaver;
  readonly #faults: FaultLog;
  #samples: Batch | undefined;
  #step: number;
  #grid: string | undefined;
  #sinceLog = { step: 0, time: 0 };

  constructor(training: Training, log: RunLog) {
    const { config, run, from, method, reporter } = training;
    this.#training = training;
    this.#log = log;
    this.#step = from?.step ?? 0;
    if (from) restoreNetworks(method, from.tensors);
    this.#faults = new FaultLog({ folder: run.faults, config, reporter });
    const { checkpointMinutes: minutes, keepCheckpoints: keep } = config.output;
    const folder = run.checkpoints;
    const saved = from && { step: from.step, path: join(folder, `step-${from.step}`) };
    const beforehand = () => log.sync();
    this.#saver = new CheckpointSaver({ folder, minutes, keep, reporter, saved, beforehand });
  }

  /** The samples that every grid shows: of the validation split, or the next best. */
  async readSamples(): Promise<void> {
    const { config, data, reporter } = this.#training;
    const { validation, test, train } = data.samples;
    const shown = [...validation, ...test, ...train].slice(0, config.output.sampleCount);
    this.#samples = await heldOutBatch(config, shown, reporter);
  }

  async close(): Promise<void> {
    if (this.#samples) tf.dispose([this.#samples.image, this.#samples.sketch, this.#samples.hole]);
    await this.#saver.close();
    this.#log.close();
  }

  get #ended(): boolean {
    const { maxSteps = Number.POSITIVE_INFINITY, interrupt } = this.#training;
    return this.#step >= maxSteps || (interrupt?.aborted ?? false);
  }

  async run(): Promise<TrainingEnd> {
    const { plan, from } = this.#training;
    let complete = true;
    for (let index = from?.stage.index ?? 0; index < plan.stages.length; index++) {
      const last = index === plan.stages.length - 1;
      const done = await this.#stage(index);
      complete = done && last;
      if (!done || (this.#ended && !last)) break;
    }
    const checkpoint = await this.#saver.finish();
    return { step: this.#step, complete, checkpoint, grid: this.#grid };
  }

  /** Runs a stage. Returns whether it came to its end. */
  async #stage(index: number): Promise<boolean> {
    const { config, method, data, plan, reporter, from } = this.#training;
    const planned = plan.stages[index]!;
    const { stage, steps } = planned;
    const resumed = from?.stage.index === index ? from : undefined;
    const running = new RunningStage({
      config,
      method,
      stage,
      samples: data.samples.train,
      reporter,
      from: resumed,
    });
    const task = reporter.task(stage.name, steps, 'steps');
    const collapse = new CollapseWatch(config, reporter);
    this.#sinceLog = { step: this.#step, time: performance.now() };
    let stageStep = resumed?.stage.step ?? 0;
    if (resumed) task.update(stageStep);
    try {
      while (stageStep < steps && !this.#ended) {
        const values = await running.step((fault) =>
          this.#faults.record({ ...fault, step: this.#step + 1, stage: stage.name }),
        );
        if (!values) continue;
        this.#step += 1;
        stageStep += 1;
        collapse.observe(this.#step, values.losses.discriminator);
        this.#report(planned, stageStep, values, (note) => task.update(stageStep, note));
        if (this.#step % config.output.samplesEvery === 0 || stageStep === steps) await this.#draw();
        if (stageStep === steps || this.#ended || this.#saver.due)
          await this.#save(index, stageStep, running);
        // TensorFlow's operations block: this lets signals and file reads through.
        await setImmediate();
      }
      if (this.#saver.empty) await this.#save(index, stageStep, running);
      task.finish();
    } catch (error) {
      throw explainMemory(error, stage);
    } finally {
      await running.close();
    }
    return stageStep >= steps;
  }

  /** Logs every `logEvery`th step and a stage's last one. */
  #report(
    { stage, steps }: PlannedStage,
    stageStep: number,
    { losses, gradientNorms }: StepValues,
    show: (note?: string) => void,
  ): void {
    if (this.#step % this.#training.config.output.logEvery !== 0 && stageStep !== steps) {
      show();
      return;
    }
    const now = performance.now();
    const images = (this.#step - this.#sinceLog.step) * stage.batch;
    const imagesPerSecond = round((1000 * images) / (now - this.#sinceLog.time), 4);
    this.#sinceLog = { step: this.#step, time: now };
    this.#log.step({
      step: this.#step,
      stage: stage.name,
      stageStep,
      losses,
      gradientNorms,
      imagesPerSecond,
    });
    const numbers = Object.entries(losses).map(([name, value]) => `${name.slice(0, 5)} ${round(value, 3)}`);
    show([`${round(imagesPerSecond, 3)} images/s`, ...numbers].join(', '));
  }

  async #draw(): Promise<void> {
    const { method, config, run, reporter } = this.#training;
    if (!this.#samples) return;
    const images = method.visuals(this.#samples, config.output.sampleRefinement);
    const grid = await drawGrid(images);
    tf.dispose(images);
    const path = `${run.samples}/step-${String(this.#step).padStart(7, '0')}.png`;
    try {
      await writeFileAtomically(path, grid.png);
      this.#grid = path;
    } catch (error) {
      reporter.warn(`A sample grid cannot be written: ${(error as Error).message}`);
    }
    this.#log.grid(this.#step, grid);
    // Drawing is no part of the training's speed.
    this.#sinceLog = { step: this.#step, time: performance.now() };
  }

  async #save(index: number, stageStep: number, running: RunningStage): Promise<void> {
    const { config, method, plan, data } = this.#training;
    const step = this.#step;
    await this.#saver.save(step, () => ({
      head: {
        step,
        stage: { index, name: plan.stages[index]!.stage.name, step: stageStep },
        stageSteps: plan.stages.map(({ steps }) => steps),
        trainingSamples: sampleIdentity(data.samples.train),
        config,
        random: running.random(),
        metrics: {},
      },
      tensors: takeSnapshot(method, running.trainable),
    }));
  }
}

/** To so many significant digits. */
const round = (value: number, digits: number): number => Number(value.toPrecision(digits));
