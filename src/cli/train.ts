/** The command `train`: from a config, or a run that was stopped, to a trained network, a sample grid and a table. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { type Checkpoint, readCheckpoint, resolveCheckpoint } from '../core/checkpoint.ts';
import type { Method } from '../core/method.ts';
import { createRunFolder, type RunFolder } from '../core/run-folder.ts';
import { restoreNetworks } from '../core/stored-networks.ts';
import { prepare } from '../data/prepare.ts';
import { openSource } from '../data/sources.ts';
import type { PreparedData } from '../data/types.ts';
import { type HeldOutTable, heldOutTable } from '../eval/held-out-table.ts';
import { openValidationMetrics } from '../eval/validation.ts';
import type { LoadedConfig } from '../models/read-config.ts';
import { createMethod } from '../models/registry.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { lockRun } from '../train/lock.ts';
import { type Training, type TrainingEnd, train } from '../train/loop.ts';
import { checkBatches, describePlan, makePlan, type Plan, table } from '../train/plan.ts';
import { type OpenedRun, prepareFolder } from '../train/resume.ts';
import { isFinished, requireSamePast, requireSameSamples, writeSampleIds } from '../train/resume-check.ts';
import { catchInterrupts } from './interrupt.ts';

export interface TrainCommand {
  readonly loaded: LoadedConfig;
  /** Goes on with a run; otherwise a new one begins. */
  readonly opened?: OpenedRun;
  /** Folder of all runs. */
  readonly runs: string;
  readonly maxSteps?: number | undefined;
  readonly dryRun: boolean;
  readonly reporter: Reporter;
}

/** Trains as the config says, or with `dryRun` only shows what it says. Throws {@link Interrupted} after an interrupt. */
export async function trainCommand(command: TrainCommand): Promise<void> {
  const { reporter, loaded } = command;
  for (const warning of loaded.warnings) reporter.warn(warning);
  if (command.dryRun) await dryRun(loaded, reporter);
  else await trainAndMeasure(command);
}

async function dryRun({ config, locate }: LoadedConfig, reporter: Reporter): Promise<void> {
  const { validation, test } = config.data.split;
  const training = Math.floor((await countSamples(config)) * (1 - validation - test));
  checkBatches(config, training, locate);
  const method = createMethod(config);
  reporter.info(configToYaml(config));
  const plan = makePlan(method, training);
  for (const line of describePlan(plan, true)) reporter.info(line);
  reporter.info('Nothing was trained or written (--dry-run).');
}

/** The size of the source, without preparing it. */
async function countSamples({ data, resolution }: RunConfig): Promise<number> {
  if (data.source.kind === 'faces') return data.source.count;
  return (await openSource(data, resolution, silent)).items.length;
}

async function trainAndMeasure(command: TrainCommand): Promise<void> {
  const { config, locate } = command.loaded;
  const { reporter, opened } = command;
  // What cannot fit is told before anything is made; which samples are for training is known only after.
  checkBatches(config, await countSamples(config), locate);
  const measures = config.output.validationCount > 0;
  const validationMetrics = measures ? await openValidationMetrics(config, reporter) : undefined;
  const data = await prepare({ config, reporter });
  const trainingSamples = data.samples.train.length;
  checkBatches(config, trainingSamples, locate);
  const method = createMethod(config);
  await method.prepareTraining(reporter);
  const plan = makePlan(method, trainingSamples);
  for (const line of describePlan(plan)) reporter.info(line);
  const run = opened?.run ?? (await createRunFolder(command.runs, config));
  reporter.info(`Run: ${run.path}`);
  if (opened) await goOn(opened, config, data, plan, reporter);
  else {
    lockRun(run.path);
    await writeSampleIds(run, data.samples.train);
  }
  const initial = opened?.from ? undefined : await initialWeights(config, method, reporter);
  await trainInFolder(command, { config, method, data, plan, run, reporter, initial, validationMetrics });
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

/** Checks that the run can go on with these data, and readies its folder. */
async function goOn(
  { run, from }: OpenedRun,
  config: RunConfig,
  data: PreparedData,
  plan: Plan,
  reporter: Reporter,
): Promise<void> {
  if (from) {
    await requireSameSamples(from, data.samples.train, run);
    requireSamePast(from, plan);
    const { stage, step } = from;
    reporter.info(`Goes on after step ${step} of ${plan.steps}: ${stage.name}, step ${stage.step}`);
  }
  await prepareFolder(run, config, data.samples.train, from?.step ?? -1, reporter.warn);
}

async function trainInFolder(command: TrainCommand, training: Training): Promise<void> {
  const { maxSteps, opened } = command;
  const { config, method, data, plan, run, reporter } = training;
  const from = opened?.from;
  if (from && isFinished(from, plan)) {
    reporter.info(`This run is complete: all ${plan.steps} steps are done.`);
    if (existsSync(run.table)) return;
    restoreNetworks(method, from.tensors);
    await measure(config, method, data, run, reporter);
    return;
  }
  // Until here a signal may end the process as it stands: what was prepared is in the cache.
  const interrupt = catchInterrupts(reporter.warn);
  const again = `npm run train -- --resume ${run.path}`;
  let end: TrainingEnd;
  try {
    end = await train({ ...training, maxSteps, interrupt, from });
  } catch (error) {
    reporter.info(`To go on from the last checkpoint: ${again}`);
    throw error;
  }
  if (end.complete) await measure(config, method, data, run, reporter);
  else reporter.info(`Ended after step ${end.step} of ${plan.steps}; to go on: ${again}`);
  for (const line of whereEverythingLies(run, end)) reporter.info(line);
  interrupt.throwIfAborted();
}

async function measure(
  config: RunConfig,
  method: Method,
  data: PreparedData,
  run: RunFolder,
  reporter: Reporter,
): Promise<void> {
  const split = (['test', 'validation'] as const).find((name) => data.samples[name].length > 0);
  if (!split) {
    reporter.warn('No held-out samples: data.split leaves none, so there is no table.');
    return;
  }
  const samples = data.samples[split].slice(0, config.output.testCount);
  const options = { config, predictor: method.predictor(), samples, split, reporter };
  const result = await heldOutTable(options);
  await writeFileAtomically(run.table, `${JSON.stringify(result, null, 1)}\n`);
  for (const line of describeTable(result, config)) reporter.info(line);
}

function describeTable({ samples, split, rows }: HeldOutTable, { task }: RunConfig): string[] {
  const place = task === 'edit' ? 'inside the hole' : 'of the whole image';
  const cells = rows.map(({ name, l1, psnr }) => [name, l1.toFixed(4), psnr.toFixed(2)]);
  return [
    '',
    `Errors ${place}, ${samples} ${split} samples, true sketches:`,
    ...table(['', 'L1', 'PSNR, dB'], cells),
  ];
}

function whereEverythingLies(run: RunFolder, end: TrainingEnd): string[] {
  const { best } = end;
  const places: (readonly [string, string])[] = [
    ['Checkpoint', end.checkpoint],
    ...(best
      ? [['Best', `${best.path} (${best.title} of validation samples ${best.value.toPrecision(4)})`] as const]
      : []),
    ['Samples', end.grid ?? run.samples],
    ['Log', run.log],
    ['Metrics', run.metrics],
    ['TensorBoard', `tensorboard --logdir ${relative('.', run.events)}`],
  ];
  return ['', ...places.map(([label, place]) => `${label.padEnd(13)}${place}`)];
}
