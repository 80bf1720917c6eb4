/** The training loop: every stage of a method, with logs, sample grids and checkpoints. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { RunConfig } from '../config/run-config.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import type { Method } from '../core/method.ts';
import type { RunFolder } from '../core/run-folder.ts';
import { restoreNetworks } from '../core/stored-networks.ts';
import type { PreparedData } from '../data/types.ts';
import { type Measurements, Validation, type ValidationMetrics } from '../eval/validation.ts';
import type { Reporter } from '../runtime/progress.ts';
import { type BestCheckpoint, bestCheckpoint } from './best.ts';
import { CollapseWatch } from './collapse.ts';
import { FaultLog } from './faults.ts';
import type { StepValues } from './guard.ts';
import { RunLog } from './log.ts';
import { explainMemory } from './memory.ts';
import type { Plan, PlannedStage } from './plan.ts';
import { sampleIdentity } from './resume-check.ts';
import { SampleGrids } from './sample-grids.ts';
import { CheckpointSaver } from './saver.ts';
import { takeSnapshot } from './snapshot.ts';
import { RunningStage } from './stage.ts';

export interface Training {
  readonly config: RunConfig;
  readonly method: Method;
  readonly data: PreparedData;
  readonly plan: Plan;
  readonly run: RunFolder;
  readonly reporter: Reporter;
  /** Ends with a checkpoint after this many steps in all. */
  readonly maxSteps?: number | undefined;
  /** Ends with a checkpoint after the step in progress. */
  readonly interrupt?: AbortSignal;
  /** Goes on from here; it is one of the run's own checkpoints unless the run is new. */
  readonly from?: Checkpoint | undefined;
  /** A new run begins with the weights of its trained networks. */
  readonly initial?: Checkpoint | undefined;
  /** What is measured at every checkpoint, if it is loaded already; the training then disposes of it. */
  readonly validationMetrics?: ValidationMetrics | undefined;
}

export interface TrainingEnd {
  /** Steps done in all. */
  readonly step: number;
  /** False when it was interrupted, or ended by `maxSteps`, before the plan's end. */
  readonly complete: boolean;
  /** The last checkpoint. */
  readonly checkpoint: string;
  /** The best of the last stage's checkpoints, if held-out samples were measured. */
  readonly best: BestCheckpoint | undefined;
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
  readonly #alreadyTrained: readonly string[];
  #grids: SampleGrids | undefined;
  #validation: Validation | undefined;
  #step: number;
  #sinceLog = { step: 0, time: 0 };

  constructor(training: Training, log: RunLog) {
    const { config, run, from, initial, method, reporter } = training;
    this.#training = training;
    this.#log = log;
    this.#step = from?.step ?? 0;
    if (from) restoreNetworks(method, from.tensors);
    else if (initial) restoreNetworks(method, initial.tensors, initial.trained);
    this.#alreadyTrained = (from ?? initial)?.trained ?? [];
    this.#faults = new FaultLog({ folder: run.faults, config, reporter });
    const { checkpointMinutes: minutes, keepCheckpoints: keep } = config.output;
    const folder = run.checkpoints;
    const saved = from && { step: from.step, path: join(folder, `step-${from.step}`) };
    const beforehand = () => log.sync();
    const best = () => this.#best();
    this.#saver = new CheckpointSaver({ folder, minutes, keep, reporter, saved, beforehand, best });
  }

  /** Reads the samples that are shown and those that are measured. */
  async readSamples(): Promise<void> {
    const { config, data, reporter, validationMetrics } = this.#training;
    this.#grids = await SampleGrids.read(config, data, reporter);
    const measured = data.samples.validation.slice(0, config.output.validationCount);
    this.#validation = await Validation.read(config, measured, reporter, validationMetrics);
  }

  async #best(): Promise<BestCheckpoint | undefined> {
    const { run } = this.#training;
    return this.#validation && bestCheckpoint(run.checkpoints, this.#validation.criterion);
  }

  async close(): Promise<void> {
    this.#grids?.dispose();
    this.#validation?.dispose();
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
      const done = plan.stages[index].steps === 0 || (await this.#stage(index));
      complete = done && last;
      if (!done || (this.#ended && !last)) break;
    }
    const checkpoint = await this.#saver.finish();
    const best = await this.#best();
    return { step: this.#step, complete, checkpoint, best, grid: this.#grids?.path };
  }

  /** Runs a stage. Returns whether it came to its end. */
  async #stage(index: number): Promise<boolean> {
    const { config, method, data, plan, reporter, from } = this.#training;
    const planned = plan.stages[index];
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
    const collapse = new CollapseWatch(stage.collapse, reporter);
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
        collapse.observe(this.#step, values.losses);
        const saves = stageStep === steps || this.#ended || this.#saver.due;
        const validation = saves ? await this.#validate() : undefined;
        this.#report(planned, stageStep, { ...values, validation }, (note) => task.update(stageStep, note));
        if (this.#step % config.output.samplesEvery === 0 || stageStep === steps) await this.#draw();
        if (saves) await this.#save(index, stageStep, running, validation);
        // TensorFlow's operations block: this lets signals and file reads through.
        await setImmediate();
      }
      // An interrupt may come between a step and the next one's beginning; a step that is saved is not saved again.
      if (this.#ended || this.#saver.empty) await this.#save(index, stageStep, running);
      task.finish();
    } catch (error) {
      throw explainMemory(error, stage);
    } finally {
      await running.close();
    }
    return stageStep >= steps;
  }

  async #validate(): Promise<Measurements | undefined> {
    const begin = performance.now();
    const errors = await this.#validation?.measure(this.#training.method);
    // Measuring is no part of the training's speed.
    this.#sinceLog.time += performance.now() - begin;
    return errors;
  }

  /** Logs every `logEvery`th step, a stage's last one and those that were measured. */
  #report(
    { stage, steps }: PlannedStage,
    stageStep: number,
    { losses, gradientNorms, validation }: StepValues & { validation: Measurements | undefined },
    show: (note?: string) => void,
  ): void {
    const due = this.#step % this.#training.config.output.logEvery === 0 || stageStep === steps;
    if (!due && !validation) {
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
      validation,
    });
    const numbers = Object.entries(losses).map(([name, value]) => `${name.slice(0, 5)} ${round(value, 3)}`);
    show([`${round(imagesPerSecond, 3)} images/s`, ...numbers].join(', '));
  }

  async #draw(): Promise<void> {
    const { method, run } = this.#training;
    const grid = await this.#grids?.draw(method, run, this.#step);
    if (grid) this.#log.grid(this.#step, grid);
    // Drawing is no part of the training's speed.
    this.#sinceLog = { step: this.#step, time: performance.now() };
  }

  async #save(
    index: number,
    stageStep: number,
    running: RunningStage,
    validation?: Measurements,
  ): Promise<void> {
    const { config, method, plan, data } = this.#training;
    const step = this.#step;
    await this.#saver.save(step, () => ({
      head: {
        step,
        stage: { index, name: plan.stages[index].stage.name, step: stageStep },
        stageSteps: plan.stages.map(({ steps }) => steps),
        trainingSamples: sampleIdentity(data.samples.train),
        config,
        random: running.random(),
        trained: this.#trained(index),
        metrics: { ...validation },
      },
      tensors: takeSnapshot(method, running.trainable),
    }));
  }

  /** The networks that hold trained weights once the stage of this index has begun. */
  #trained(index: number): string[] {
    const { method, plan } = this.#training;
    const learnt = plan.stages
      .slice(0, index + 1)
      .flatMap(({ stage, steps }) => (steps > 0 ? stage.learns : []));
    const trained = new Set([...learnt, ...this.#alreadyTrained]);
    return Object.keys(method.networks).filter((name) => trained.has(name));
  }
}

/** To so many significant digits. */
const round = (value: number, digits: number): number => Number(value.toPrecision(digits));
