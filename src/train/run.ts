/** Trains a method: from a configuration, or a run that was stopped, to trained networks and a table of their errors. */

import { configuredSources, type RunConfig } from '../config/run-config.ts';
import { type Checkpoint, readCheckpoint } from '../core/checkpoint.ts';
import { resolveCheckpoint } from '../core/choose-checkpoint.ts';
import { compilePredictor } from '../core/compiled-predictor.ts';
import type { Method } from '../core/method.ts';
import { createRunFolder, RunFolder } from '../core/run-folder.ts';
import { restoreNetworks } from '../core/stored-networks.ts';
import { Exclusions } from '../data/exclude.ts';
import { prepare } from '../data/prepare.ts';
import { openSource } from '../data/sources.ts';
import type { OpenedSource, PreparedData } from '../data/types.ts';
import { type HeldOutTable, heldOutTable, heldOutTableForm } from '../eval/held-out-table.ts';
import { openValidationMetrics, type ValidationMetrics } from '../eval/validation.ts';
import { type LoadedConfig, loadConfig } from '../models/read-config.ts';
import { createMethod } from '../models/registry.ts';
import { amongWorkers, byLeader, isLeader, leaderFirst, requireEqual } from '../ops/coordination.ts';
import { nativeBackend } from '../ops/raw.ts';
import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { readState, requireWritableFolder, writeFileAtomically } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { lockRun } from './lock.ts';
import { type Training, type TrainingEnd, train } from './loop.ts';
import { mlflowServer } from './mlflow.ts';
import { checkBatches, describePlan, makePlan, type Plan, requireShares } from './plan.ts';
import { requirePrecision, thisMachine } from './precision.ts';
import {
  isFinished,
  type OpenedRun,
  openRun,
  prepareFolder,
  requireSamePast,
  requireSameSamples,
  writeSampleIds,
} from './resume.ts';
import { describeWork } from './same-work.ts';
import { bestCheckpoint } from './saver.ts';

/** What is trained, from where it goes on, and when it ends. */
export interface TrainRunOptions {
  /**
   * A config file's path, or what such a file would hold; keys that are left out have their defaults. With `resume` it is
   * taken in place of the run's own and may be left out.
   */
  readonly config?: string | object | undefined;
  /**
   * Files to train on, in place of those that the config's `data.source` names. Going on with such a run needs the same
   * ones. Default: what the config names.
   */
  readonly source?: OpenedSource | undefined;
  /** Changes of single keys, `KEY=VALUE`, the value in YAML: `training.levels.0.batch=4`. Default: none. */
  readonly sets?: readonly string[] | undefined;
  /** Goes on with a run: its folder, one of its checkpoints, or `latest`. */
  readonly resume?: string | undefined;
  /** The folder in which a new run gets its own, and in which `latest` is looked for. Default: `runs`. */
  readonly runs?: string | undefined;
  /** Ends with a checkpoint after so many steps in all. Default: at the plan's end. */
  readonly maxSteps?: number | undefined;
  /** Profiles so many steps, and writes into the run's `profile/` what TensorFlow did when. Default: none. */
  readonly profile?: number | undefined;
  /** Is told what happens. Default: nobody. */
  readonly reporter?: Reporter | undefined;
  /**
   * Ends the training with a checkpoint after the step in progress; while data are still being prepared it throws its
   * reason. A function is called when training begins. Until then nothing is lost when the process is ended as it stands:
   * what was prepared is in the cache, but for the last pairs of a source in tar files.
   */
  readonly signal?: AbortSignal | (() => AbortSignal) | undefined;
  /** Is handed, when training begins, a function that asks for a checkpoint after the step in progress. */
  readonly checkpointOnDemand?: ((demand: () => void) => void) | undefined;
  /** Is told the run's folder as soon as it can be gone on with. */
  readonly onRun?: ((run: string) => void) | undefined;
}

/** What came of a training. */
export interface TrainRunResult {
  /** The run's folder, with the places of all that it holds. */
  readonly run: RunFolder;
  readonly config: RunConfig;
  readonly plan: Plan;
  /** How it ended, and its checkpoint. */
  readonly end: TrainingEnd;
  /** Errors on held-out samples; undefined before the plan's end, and where the split leaves no such samples. */
  readonly table: HeldOutTable | undefined;
}

/**
 * Trains until the plan's end, `maxSteps` or the signal, whichever comes first; `end.complete` tells whether it was the
 * plan's end. An error leaves the run as it was at its last checkpoint.
 *
 * @throws UserError when the configuration, the data or the run to go on with cannot be used, another process trains the
 *   run, there is too little memory, too many steps gave numbers that are not finite, or the disk refuses checkpoints.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainRunResult> {
  return amongWorkers(() => trainOrGoOn(options));
}

async function trainOrGoOn(options: TrainRunOptions): Promise<TrainRunResult> {
  const { config, sets = [], resume: target, runs = 'runs', reporter = silent } = options;
  // They would wait for each other at different places.
  await requireEqual({ '--resume': target === undefined ? 'not given' : 'given' });
  if (target !== undefined) {
    const open = () => openRun({ target, runs, config, sets, lock: isLeader(), warn: reporter.warn });
    const opened = await leaderFirst(open);
    try {
      return await prepareAndTrain(opened.loaded, opened, options);
    } finally {
      opened.unlock();
    }
  }
  if (config === undefined) {
    throw new UserError('What is to be trained?', {
      expected: '--config FILE for a new run, or --resume RUN to go on with one',
    });
  }
  const loaded = loadConfig(config, sets);
  // Before the data, which may take hours.
  if (isLeader()) await requireWritableFolder(runs, '--runs');
  return prepareAndTrain(loaded, undefined, options);
}

/** What a new run would do. */
export interface PlannedRun {
  /** Complete, with defaults. */
  readonly config: RunConfig;
  readonly plan: Plan;
}

/**
 * What {@link trainRun} would do in a new run, found out without preparing anything. The number of samples is an
 * estimate: which files can be used shows when they are prepared.
 *
 * @throws UserError when the configuration or its data cannot be used.
 */
export async function planRun({
  config: source,
  sets = [],
  reporter = silent,
}: Pick<TrainRunOptions, 'sets' | 'reporter'> & { readonly config: string | object }): Promise<PlannedRun> {
  const { config, locate, warnings } = loadConfig(source, sets);
  for (const warning of warnings) reporter.warn(warning);
  const { validation, test } = config.data.split;
  const trainingSamples = Math.floor((await countSamples(config, reporter)) * (1 - validation - test));
  checkBatches(config, trainingSamples, locate);
  const method = createMethod(config);
  try {
    return { config, plan: makePlan(method, trainingSamples, config.training.ema) };
  } finally {
    method.dispose();
  }
}

/** The size of all sources, without preparing it. */
async function countSamples({ data, resolution }: RunConfig, { info, warn }: Reporter): Promise<number> {
  const excluded = await Exclusions.read(data.exclude);
  const reporter = { ...silent, info, warn };
  let count = 0;
  for (const one of configuredSources(data)) {
    if (one.source.kind === 'faces') count += one.source.count;
    else count += (await openSource(one, data.cache, resolution, reporter, excluded)).items.length;
  }
  return count;
}

/** A CPU's operations give the same numbers at every run as they are, and XLA has no deterministic form of some. */
function chooseDeterminism({ runtime }: RunConfig, reporter: Reporter): void {
  const { binding, isUsingGpuDevice } = nativeBackend();
  binding.setDeterministic(isUsingGpuDevice && runtime.deterministic);
  if (isUsingGpuDevice && runtime.deterministic)
    reporter.info(
      'The same seed gives the same bytes, which can make a GPU several times slower (runtime.deterministic).',
    );
}

async function prepareAndTrain(
  { config, locate, warnings }: LoadedConfig,
  opened: OpenedRun | undefined,
  options: TrainRunOptions,
): Promise<TrainRunResult> {
  // Told before data are prepared where it is not known.
  mlflowServer(config);
  const { source, reporter = silent, signal } = options;
  for (const warning of warnings) reporter.warn(warning);
  // Before the data, which may take hours: a precision that this machine has not, no checkpoint where the weights to begin
  // with should be, and metrics that are not known or lack their weights.
  requirePrecision(config.runtime, thisMachine(), locate);
  requireShares(config, locate);
  if (!opened && config.training.initialWeights !== undefined)
    await resolveCheckpoint(config.training.initialWeights);
  // Other workers need them to know when a stage is over.
  const needed = isLeader() || config.training.earlyStopping !== undefined;
  let validationMetrics =
    config.output.validationCount > 0 && needed ? await openValidationMetrics(config, reporter) : undefined;
  try {
    const interrupt = signal instanceof AbortSignal && { signal };
    const data = await prepare({ config, source, reporter, ...interrupt });
    checkBatches(config, data.samples.train.length, locate);
    chooseDeterminism(config, reporter);
    const method = createMethod(config);
    try {
      await method.prepareTraining(reporter);
      const plan = makePlan(method, data.samples.train.length, config.training.ema);
      for (const line of describePlan(plan)) reporter.info(line);
      await requireEqual(
        describeWork(config, data.samples.train, {
          'the last step': options.maxSteps,
          'the checkpoint': opened?.from?.step,
        }),
      );
      const { run, from, unlock } = opened ?? (await beginRun(options.runs ?? 'runs', config, data));
      try {
        reporter.info(`Run: ${run.path}`);
        const training = { config, method, data, plan, run, reporter };
        if (opened) await goOn(training, from);
        options.onRun?.(run.path);
        if (from && isFinished(from, plan, config.training.earlyStopping))
          return await finishAgain(training, from, validationMetrics);
        const initial = from ? undefined : await initialWeights(config, method, reporter);
        const metrics = validationMetrics;
        // From here on they are the training's.
        validationMetrics = undefined;
        return await trainAndMeasure({ ...training, from, initial, validationMetrics: metrics }, options);
      } finally {
        unlock();
      }
    } finally {
      method.dispose();
    }
  } finally {
    validationMetrics?.metrics.dispose();
  }
}

type NewTraining = Omit<
  Training,
  'from' | 'initial' | 'maxSteps' | 'profile' | 'interrupt' | 'checkpointOnDemand' | 'validationMetrics'
>;

/** Makes and locks the folder of a new run. */
export async function beginRun(
  runs: string,
  config: RunConfig,
  { samples }: Pick<PreparedData, 'samples'>,
): Promise<Pick<OpenedRun, 'run' | 'from' | 'unlock'>> {
  let unlock = () => {};
  const path = await byLeader(async () => {
    const run = await createRunFolder(runs, config);
    unlock = lockRun(run.path);
    try {
      await writeSampleIds(run, samples.train);
    } catch (error) {
      unlock();
      throw error;
    }
    return run.path;
  });
  return { run: new RunFolder(path), from: undefined, unlock };
}

/** Checks that a run can go on with these data, and readies its folder. */
async function goOn(
  { run, config, data: { samples }, plan, reporter }: NewTraining,
  from: Checkpoint | undefined,
): Promise<void> {
  if (from) {
    await requireSameSamples(from, samples.train, run);
    requireSamePast(from, plan);
    const { stage, step } = from;
    reporter.info(`Goes on after step ${step} of ${plan.steps}: ${stage.name}, step ${stage.step}`);
  }
  if (isLeader()) await prepareFolder(run, config, samples.train, from?.step ?? -1, reporter.warn);
}

/** The checkpoint that a new run begins with, if the configuration names one. */
async function initialWeights(
  { training }: RunConfig,
  method: Method,
  reporter: Reporter,
): Promise<Checkpoint | undefined> {
  if (training.initialWeights === undefined) return undefined;
  const path = await resolveCheckpoint(training.initialWeights);
  const checkpoint = await readCheckpoint(path);
  const names = Object.keys(method.networks);
  const trained = names.filter((name) => checkpoint.trained?.includes(name) ?? name in checkpoint.tensors);
  reporter.info(`Begins with the weights of ${trained.join(', ') || 'no network'} from ${path}`);
  return { ...checkpoint, trained };
}

async function trainAndMeasure(
  training: Training,
  { maxSteps, profile, signal, checkpointOnDemand }: TrainRunOptions,
): Promise<TrainRunResult> {
  const { run, config, plan, reporter } = training;
  const interrupt = typeof signal === 'function' ? signal() : signal;
  let end: TrainingEnd;
  try {
    end = await train({ ...training, maxSteps, profile, interrupt, checkpointOnDemand });
  } catch (error) {
    reporter.info(`To go on from the last checkpoint: ${commandLine('train', '--resume', run.path)}`);
    throw error;
  }
  if (!end.complete) return { run, config, plan, end, table: undefined };
  const table = await byLeader(async () => {
    // What is measured is what others will find.
    restoreNetworks(training.method, (await readCheckpoint(end.checkpoint)).tensors);
    return measure(training);
  });
  return { run, config, plan, end, table };
}

/** The result of a run all of whose steps are done. A table that has been lost is made anew. */
async function finishAgain(
  training: NewTraining,
  from: Checkpoint,
  validationMetrics: ValidationMetrics | undefined,
): Promise<TrainRunResult> {
  const { run, config, plan, method, reporter } = training;
  reporter.info(
    from.step < plan.steps
      ? `This run is complete: all its stages are over, after ${from.step} steps.`
      : `This run is complete: all ${plan.steps} steps are done.`,
  );
  const { end, table } = await byLeader(async () => {
    let table = await readState(run.table, heldOutTableForm);
    if (!table) {
      restoreNetworks(method, from.tensors);
      table = await measure(training);
    }
    const end = {
      step: from.step,
      complete: true,
      interrupted: false,
      checkpoint: await resolveCheckpoint(run.path),
      best: validationMetrics && (await bestCheckpoint(run.checkpoints, validationMetrics.criterion)),
      grid: undefined,
    };
    return { end, table };
  });
  return { run, config, plan, end, table };
}

/** Measures held-out samples and writes the table into the run's folder. */
async function measure({
  config,
  method,
  data,
  run,
  reporter,
}: NewTraining): Promise<HeldOutTable | undefined> {
  const split = (['test', 'validation'] as const).find((name) => data.samples[name].length > 0);
  if (!split) {
    reporter.warn('No held-out samples: data.split leaves none, so there is no table.');
    return undefined;
  }
  const samples = data.samples[split].slice(0, config.output.testCount);
  const predictor = compilePredictor(method.predictor(), reporter);
  const table = await heldOutTable({ config, predictor, samples, split, reporter });
  predictor.dispose();
  await writeFileAtomically(run.table, `${JSON.stringify(table, null, 1)}\n`);
  return table;
}
