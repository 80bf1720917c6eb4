/** The training loop: every stage of a method, step by step, with logs, sample grids and checkpoints. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { RunConfig } from '../config/run-config.ts';
import { withAverages } from '../core/average.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { TrainingViews } from '../core/compiled-predictor.ts';
import type { Method, StagePlan, Trainable } from '../core/method.ts';
import type { RunFolder } from '../core/run-folder.ts';
import { restoreNetworks, withTensors } from '../core/stored-networks.ts';
import { toBatch } from '../data/batch.ts';
import { type HolePool, makeHolePool } from '../data/holes.ts';
import { type LoaderState, PairLoader } from '../data/loader.ts';
import type { Batch, PreparedData } from '../data/types.ts';
import { type Measurements, Validation, type ValidationMetrics } from '../eval/validation.ts';
import { agree, byLeader, isLeader } from '../ops/coordination.ts';
import { tf } from '../ops/tf.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter, Task } from '../runtime/progress.ts';
import { RandomStream, type StreamState, stream } from '../runtime/seed.ts';
import { CollapseWatch, explainMemory, FaultLog, type StepValues } from './faults.ts';
import { SampleGrids } from './grid.ts';
import { requireLock } from './lock.ts';
import { RunLog } from './log.ts';
import { MlflowLog, mlflowServer } from './mlflow.ts';
import { peakFlops } from './peak-flops.ts';
import { ownPlaces, type Plan, stepSamples } from './plan.ts';
import { sampleIdentity } from './resume.ts';
import { requireSameWeights } from './same-work.ts';
import {
  type BestCheckpoint,
  bestCheckpoint,
  CheckpointSaver,
  type Snapshot,
  takeSnapshot,
} from './saver.ts';
import { scheduledRate } from './schedule.ts';
import { StageClock } from './stage-end.ts';
import { StepProfile } from './step-profile.ts';
import { Stepper } from './stepper.ts';

export interface Training {
  readonly config: RunConfig;
  readonly method: Method;
  readonly data: PreparedData;
  readonly plan: Plan;
  readonly run: RunFolder;
  readonly reporter: Reporter;
  /** Ends with a checkpoint after this many steps in all. */
  readonly maxSteps?: number | undefined;
  /** Steps to be profiled; see {@link StepProfile}. */
  readonly profile?: number | undefined;
  /** Ends with a checkpoint after the step in progress. */
  readonly interrupt?: AbortSignal | undefined;
  /** Is handed a function that asks for a checkpoint after the step in progress. */
  readonly checkpointOnDemand?: ((demand: () => void) => void) | undefined;
  /** Goes on from here; it is one of the run's own checkpoints unless the run is new. */
  readonly from?: Checkpoint | undefined;
  /** A new run begins with the weights of its trained networks. */
  readonly initial?: Checkpoint | undefined;
  /** What is measured at every checkpoint, if it is loaded already; the training then disposes of it. */
  readonly validationMetrics?: ValidationMetrics | undefined;
}

/** How a training ended. */
export interface TrainingEnd {
  /** Steps done in all. */
  readonly step: number;
  /** False when it was interrupted, or ended by `maxSteps`, before the plan's end. */
  readonly complete: boolean;
  /** Whether it ended before the plan's end because this process, or another worker, was told to. */
  readonly interrupted: boolean;
  /** The last checkpoint. */
  readonly checkpoint: string;
  /** The best of the last stage's checkpoints, if held-out samples were measured. */
  readonly best: BestCheckpoint | undefined;
  /** The last sample grid. */
  readonly grid: string | undefined;
}

/** Trains from the beginning or from a checkpoint until the plan's end, `maxSteps` or an interrupt. */
export async function train(training: Training): Promise<TrainingEnd> {
  const { run, reporter, from, config, method } = training;
  const server = isLeader() ? mlflowServer(config) : undefined;
  const mlflow = server && new MlflowLog(server, run, config, reporter);
  let end: TrainingEnd | undefined;
  try {
    const log = isLeader() ? await RunLog.open(run, { reporter, after: from?.step, mlflow }) : undefined;
    const loop = new Loop(training, log);
    try {
      await requireSameWeights(method);
      await loop.readSamples();
      await loop.findPeak();
      end = await loop.run();
    } finally {
      await loop.close();
    }
  } finally {
    await mlflow?.close(end ? (end.complete ? 'FINISHED' : 'KILLED') : 'FAILED');
  }
  return end;
}

class Loop {
  readonly #training: Training;
  /** The leader's alone, where there are several workers, as the saver. */
  readonly #log: RunLog | undefined;
  readonly #saver: CheckpointSaver | undefined;
  readonly #faults: FaultLog;
  readonly #alreadyTrained: readonly string[];
  readonly #profile: StepProfile;
  /** What grids and validation look at. */
  readonly #views: TrainingViews;
  #grids: SampleGrids | undefined;
  #validation: Validation | undefined;
  #step: number;
  #sinceLog = { step: 0, time: 0 };
  #peak: number | undefined;
  /** Somebody asked this worker for a checkpoint. */
  #demanded = false;
  /** Several workers have agreed to end. */
  #interrupted = false;

  constructor(training: Training, log: RunLog | undefined) {
    const { config, run, from, initial, method, reporter } = training;
    this.#training = training;
    this.#log = log;
    this.#step = from?.step ?? 0;
    if (from) restoreNetworks(method, from.tensors);
    else if (initial) restoreNetworks(method, initial.tensors, initial.trained);
    this.#alreadyTrained = (from ?? initial)?.trained ?? [];
    this.#views = new TrainingViews(method, { compile: config.runtime.compile !== false, reporter });
    this.#profile = new StepProfile(isLeader() ? (training.profile ?? 0) : 0, run.path, reporter);
    const rank = currentCluster()?.rank ?? 0;
    const faults = rank === 0 ? run.faults : join(run.faults, `worker-${rank}`);
    this.#faults = new FaultLog({ folder: faults, config, reporter });
    const { checkpointMinutes: minutes, keepCheckpoints: keep } = config.output;
    const folder = run.checkpoints;
    const saved = from && {
      step: from.step,
      path: join(folder, `step-${from.step}`),
      passing: from.passing ?? false,
    };
    const best = () => this.#best();
    training.checkpointOnDemand?.(() => {
      this.#demanded = true;
    });
    if (!log) return;
    const beforehand = () => log.sync();
    this.#saver = new CheckpointSaver({ folder, minutes, keep, reporter, saved, beforehand, best });
  }

  /** Reads the samples that are shown and those that are measured. */
  async readSamples(): Promise<void> {
    const { config, data, reporter, validationMetrics } = this.#training;
    // Only what ends a stage early is other workers' business.
    if (!isLeader() && !config.training.earlyStopping) return;
    this.#grids = await SampleGrids.read(config, data, reporter);
    const measured = data.samples.validation.slice(0, config.output.validationCount);
    this.#validation = await Validation.read(config, measured, reporter, validationMetrics);
    if (config.training.earlyStopping && measured.length === 0) {
      throw new UserError('Early stopping has nothing to measure.', {
        where: 'training.earlyStopping',
        expected: 'validation samples',
        got: 'none: data.split.validation is too small a share of so few',
      });
    }
  }

  /** Learns what the speed of the training is compared with. */
  async findPeak(): Promise<void> {
    const { runtime, data } = this.#training.config;
    if (isLeader() && runtime.compile !== false)
      this.#peak = runtime.peakFlops ?? (await peakFlops(data.cache));
  }

  async #best(): Promise<BestCheckpoint | undefined> {
    const { run } = this.#training;
    return this.#validation && bestCheckpoint(run.checkpoints, this.#validation.criterion);
  }

  async close(): Promise<void> {
    this.#views.dispose();
    this.#grids?.dispose();
    this.#validation?.dispose();
    await this.#saver?.close();
    this.#log?.close();
  }

  get #ended(): boolean {
    return this.#endsAt(this.#step);
  }

  #endsAt(step: number): boolean {
    const { maxSteps = Number.POSITIVE_INFINITY } = this.#training;
    return step >= maxSteps || this.#isInterrupted;
  }

  get #isInterrupted(): boolean {
    return currentCluster() ? this.#interrupted : (this.#training.interrupt?.aborted ?? false);
  }

  async run(): Promise<TrainingEnd> {
    const complete = await this.#stages();
    return await byLeader(async () => {
      if (!this.#saver) throw new Error('The leader has no checkpoints.');
      const checkpoint = await this.#saver.finish();
      const { written, share } = this.#saver.spent;
      const percent = (100 * share).toFixed(1);
      this.#training.reporter.info(`Checkpoints written: ${written}, in ${percent} % of the time.`);
      const best = await this.#best();
      const interrupted = !complete && this.#isInterrupted;
      return { step: this.#step, complete, interrupted, checkpoint, best, grid: this.#grids?.path };
    });
  }

  /** Runs what is left of the stages that have steps. Returns whether all came to their ends. */
  async #stages(): Promise<boolean> {
    const { plan, from } = this.#training;
    const next = from?.stage.index ?? 0;
    const left = [...plan.stages.keys()].filter((index) => index >= next && plan.stages[index].steps > 0);
    for (const index of left) {
      // The first one leaves a checkpoint, also where nothing is to be done any more.
      if (index !== left[0] && this.#ended) return false;
      if (!(await this.#stage(index))) return false;
    }
    return true;
  }

  /** Runs a stage. Returns whether it came to its end. */
  async #stage(index: number): Promise<boolean> {
    const { method, plan, reporter, from, config } = this.#training;
    const { stage, steps } = plan.stages[index];
    const resumed = from?.stage.index === index ? from : undefined;
    const trainable = method.begin(stage);
    this.#views.dispose();
    const { compile, precision } = config.runtime;
    const { name, optimizer, accumulate } = stage;
    const done = resumed?.stage.step ?? 0;
    const learningRate = optimizer && ((step: number) => scheduledRate(optimizer, step, steps));
    const { earlyStopping } = config.training;
    const clock = new StageClock({
      planned: plan.stages[index],
      earlyStopping,
      criterion: this.#validation?.criterion,
      from: resumed?.stage,
    });
    const running: RunningStage = {
      index,
      stage,
      steps,
      clock,
      done,
      batches: new StageBatches(stage, this.#training, resumed),
      trainable,
      stepper: new Stepper(trainable, {
        stage: name,
        compile,
        precision,
        reporter,
        done,
        learningRate,
        accumulate,
      }),
      collapse: new CollapseWatch(stage.collapse, reporter),
      task: reporter.task(name, steps, 'steps'),
    };
    if (resumed) restoreStage(running.trainable, resumed);
    this.#sinceLog = { step: this.#step, time: performance.now() };
    if (resumed) running.task.update(running.done);
    try {
      // An interrupt left it out.
      if (clock.lacks(done)) clock.measured(done, await this.#validate(running));
      while (!clock.end(running.done) && !this.#ended) {
        await this.#trainOnce(running);
        // TensorFlow's operations block: this lets signals and file reads through.
        await setImmediate();
      }
      await this.#settle(running);
      running.stepper.bringBack();
      // An interrupt may come between a step and the next one's beginning; a step that is saved is not saved again.
      await this.#save(running);
      running.task.finish();
      if (running.done < steps && clock.end(running.done))
        reporter.info(`${name} ends after ${running.done} of ${steps} steps: ${clock.end(running.done)}.`);
    } catch (error) {
      throw explainMemory(error, stage);
    } finally {
      running.stepper.dispose();
      await running.batches.close();
    }
    return clock.end(running.done) !== undefined;
  }

  /**
   * One step on the next batch. Its numbers may become known later; they are waited for where something is due: a line of
   * the log, a grid, a checkpoint.
   */
  async #trainOnce(running: RunningStage): Promise<void> {
    const { batches, stepper, clock } = running;
    const next = await batches.next();
    this.#profile.before(running.done + stepper.open);
    stepper.run(next);
    await this.#profile.after(this.#step + stepper.open);
    const step = this.#step + stepper.open;
    const stageStep = running.done + stepper.open;
    const measures = clock.measures(stageStep);
    const { logEvery, samplesEvery } = this.#training.config.output;
    const asked = this.#look(running, step, stageStep);
    const isLast = clock.end(stageStep) !== undefined;
    const draws = isLast || step % samplesEvery === 0;
    const lasts = isLast || measures || this.#endsAt(step) || (asked.saves && asked.lasts);
    const saves = lasts || asked.saves;
    if (!draws && !saves && step % logEvery !== 0 && !stepper.full) return;
    const values = await this.#settle(running);
    // Where a step was discarded, nothing is due yet.
    if (!values || this.#step !== step) return;
    if (draws || saves) stepper.bringBack();
    // Whoever interrupts may wait for a few seconds only before ending the process for good.
    const validation = lasts && !this.#isInterrupted ? await this.#validate(running) : undefined;
    if (measures && !this.#isInterrupted) clock.measured(running.done, validation);
    this.#report(running, values, validation);
    if (draws || clock.end(running.done)) await this.#draw(running);
    if (saves) await this.#save(running, validation, lasts);
  }

  /**
   * Looks at the clock and at what was asked for from outside. A step that is not done undoes those begun after it, so
   * several workers must wait for their numbers, save and end after the same steps: they look where steps alone say so, and
   * agree on what they see. @returns whether a checkpoint is due, and whether it would be one that lasts.
   */
  #look(
    { clock, steps, stepper }: RunningStage,
    step: number,
    stageStep: number,
  ): { saves: boolean; lasts: boolean } {
    const due = this.#demanded || (this.#saver?.due ?? false);
    const dueToLast = this.#saver?.dueToLast ?? false;
    if (!currentCluster()) {
      clock.tick();
      return { saves: due, lasts: dueToLast };
    }
    const { interrupt, maxSteps, config } = this.#training;
    const { logEvery, samplesEvery } = config.output;
    const meets =
      [stageStep === steps, step === maxSteps, clock.measures(stageStep), stepper.full].includes(true) ||
      step % logEvery === 0 ||
      step % samplesEvery === 0;
    if (!meets) return { saves: false, lasts: false };
    const [seconds, ends, saves, lasts] = agree(
      [clock.elapsed, interrupt?.aborted ?? false, due, dueToLast].map(Number),
    );
    clock.tick(seconds);
    this.#interrupted ||= ends > 0;
    return { saves: saves > 0, lasts: lasts > 0 };
  }

  /** Waits for the numbers of the steps that have been begun. Gives those of the last one, if it was not discarded. */
  async #settle(running: RunningStage): Promise<StepValues | undefined> {
    const { stage, stepper, trainable, collapse } = running;
    let last: StepValues | undefined;
    for (const { batch, sampleIds, values, kept } of stepper.settle()) {
      last = kept ? values : undefined;
      try {
        if (!kept) {
          const step = this.#step + 1;
          await this.#faults.record({ step, stage: stage.name, sampleIds, batch, values, trainable });
          continue;
        }
      } finally {
        tf.dispose([batch.image, batch.sketch, batch.hole]);
      }
      this.#step += 1;
      running.done += 1;
      collapse.observe(this.#step, values.losses);
    }
    running.task.update(running.done);
    return last;
  }

  async #validate({ trainable }: RunningStage): Promise<Measurements | undefined> {
    const begin = performance.now();
    const errors = await byLeader(() =>
      withAverages(trainable, async () => this.#validation?.measure(this.#views)),
    );
    // Measuring is no part of the training's speed.
    this.#sinceLog.time += performance.now() - begin;
    return errors;
  }

  /** Logs every `logEvery`th step, a stage's last one and those that were measured. */
  #report(
    { stage, done, clock, task, stepper: { flops } }: RunningStage,
    { losses, gradientNorms, learningRate }: StepValues,
    validation: Measurements | undefined,
  ): void {
    const due = this.#step % this.#training.config.output.logEvery === 0 || clock.end(done) !== undefined;
    if (!due && !validation) return;
    const now = performance.now();
    const stepsPerSecond = (1000 * (this.#step - this.#sinceLog.step)) / (now - this.#sinceLog.time);
    const imagesPerSecond = round(stepsPerSecond * stepSamples(stage), 4);
    const mfu = flops && this.#peak && round((flops * stepsPerSecond) / this.#peak, 3);
    this.#sinceLog = { step: this.#step, time: now };
    this.#log?.step({
      step: this.#step,
      stage: stage.name,
      stageStep: done,
      stageSeconds: clock.state().seconds,
      losses,
      gradientNorms,
      learningRate,
      imagesPerSecond,
      mfu,
      validation,
    });
    const numbers = Object.entries(losses).map(([name, value]) => `${name.slice(0, 5)} ${round(value, 3)}`);
    const speed = `${round(imagesPerSecond, 3)} images/s${mfu ? `, MFU ${round(100 * mfu, 2)} %` : ''}`;
    task.update(done, [...clock.describe(), speed, ...numbers].join(', '));
  }

  async #draw({ trainable }: RunningStage): Promise<void> {
    const { run } = this.#training;
    const grid = await byLeader(() =>
      withAverages(trainable, async () => this.#grids?.draw(this.#views, run, this.#step)),
    );
    if (grid) this.#log?.grid(this.#step, grid);
    // Drawing is no part of the training's speed.
    this.#sinceLog = { step: this.#step, time: performance.now() };
  }

  async #save(
    { index, stage, done, clock, batches, trainable }: RunningStage,
    validation?: Measurements,
    lasts = true,
  ): Promise<void> {
    const { config, method, plan, data, run } = this.#training;
    const step = this.#step;
    this.#demanded = false;
    if (!this.#saver) return;
    requireLock(run.path);
    const take = (before?: Snapshot['sources']) => ({
      head: {
        step,
        stage: { index, name: stage.name, step: done, ...clock.state() },
        stageSteps: plan.stages.map(({ steps }) => steps),
        trainingSamples: sampleIdentity(data.samples.train),
        config,
        random: { ...batches.random(), stage: trainable.position().random },
        trained: this.#trained(index),
        metrics: { ...validation },
      },
      ...takeSnapshot(method, trainable, before),
    });
    await this.#saver.save(step, take, lasts);
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

/** A stage while it runs. */
interface RunningStage {
  readonly index: number;
  readonly stage: StagePlan;
  readonly steps: number;
  readonly clock: StageClock;
  /** Steps done in it. */
  done: number;
  readonly batches: StageBatches;
  readonly trainable: Trainable;
  readonly stepper: Stepper;
  readonly collapse: CollapseWatch;
  readonly task: Task;
}

/** The batches of a stage, a step's as one: pairs in the loader's order with holes from the stage's pool. */
class StageBatches {
  readonly #loader: PairLoader;
  readonly #count: number;
  /** The places in a step's batch of this worker's samples. */
  readonly #own: readonly number[];
  readonly #pool: HolePool | undefined;
  readonly #holes: RandomStream;

  /** @param from a checkpoint of this stage, after which to go on. */
  constructor(
    stage: StagePlan,
    { config, data: { samples, weights }, reporter }: Pick<Training, 'config' | 'data' | 'reporter'>,
    from: Checkpoint | undefined,
  ) {
    const { seed, data, resolution } = config;
    const { name } = stage;
    this.#count = stepSamples(stage);
    this.#own = ownPlaces(stage);
    const state = from?.random.loader as LoaderState | undefined;
    const { ahead } = data;
    this.#loader = new PairLoader({
      name,
      samples: samples.train,
      resolution,
      batch: this.#count,
      own: this.#own,
      seed,
      ahead,
      reporter,
      weights,
      augment: data.augment,
      state,
    });
    this.#holes = from ? new RandomStream('', from.random.holes as StreamState) : stream(seed, 'holes', name);
    if (config.task === 'edit') {
      const random = stream(seed, 'hole pool', stage.holePoolName);
      this.#pool = makeHolePool(data.holes, resolution, stage.holePool, random);
    }
  }

  /** The next batch, which the caller disposes of, and the ids of its samples. */
  async next(): Promise<{ batch: Batch; sampleIds: readonly string[] }> {
    const raw = await this.#loader.next();
    const holes = this.#pool?.sample(this.#count, this.#holes, this.#own);
    return { batch: toBatch(raw, holes), sampleIds: raw.ids };
  }

  /** Where it stands, for a checkpoint. */
  random(): Record<string, unknown> {
    return { loader: this.#loader.state(), holes: this.#holes.state() };
  }

  close(): Promise<void> {
    return this.#loader.close();
  }
}

/** Puts a stage's state back, its networks' weights included. Throws a UserError when it does not fit. */
function restoreStage(trainable: Trainable, { tensors: files, random }: Checkpoint): void {
  const all = new Map(Object.values(files).flatMap((file) => [...file]));
  withTensors(all, (tensors) => trainable.restore(tensors));
  trainable.moveTo({ ...trainable.position(), random: random.stage as Record<string, StreamState> });
}

/** To so many significant digits. */
const round = (value: number, digits: number): number => Number(value.toPrecision(digits));
