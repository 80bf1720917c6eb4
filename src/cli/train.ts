/** The command `train`: from a config to a trained network, a sample grid and a table. */
import { relative } from 'node:path';
import { configToYaml, type LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { prepare } from '../data/prepare.ts';
import { openSource } from '../data/sources/open-source.ts';
import type { PreparedData } from '../data/types.ts';
import { type HeldOutTable, heldOutTable } from '../eval/table.ts';
import { writeFileAtomically } from '../formats/atomic.ts';
import type { Method } from '../models/method.ts';
import { createMethod } from '../models/registry.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { train } from '../train/loop.ts';
import { checkBatches, describePlan, makePlan, table } from '../train/plan.ts';
import { createRunFolder, type RunFolder } from '../train/run-folder.ts';
import { catchInterrupts } from './interrupt.ts';

export interface TrainCommand {
  readonly loaded: LoadedConfig;
  /** Folder of all runs. */
  readonly runs: string;
  readonly maxSteps?: number;
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
  const method = await createMethod(config, { reporter });
  reporter.info(configToYaml(config));
  const plan = makePlan(method, config.resolution, training);
  for (const line of describePlan(plan, true)) reporter.info(line);
  reporter.info('Nothing was trained or written (--dry-run).');
}

/** The size of the source, without preparing it. */
async function countSamples({ data, resolution }: Config): Promise<number> {
  if (data.source.kind === 'faces') return data.source.count;
  return (await openSource(data, resolution, silent)).items.length;
}

async function trainAndMeasure(command: TrainCommand): Promise<void> {
  const { config, locate } = command.loaded;
  const { reporter, maxSteps } = command;
  const data = await prepare({ config, reporter });
  const trainingSamples = data.samples.train.length;
  checkBatches(config, trainingSamples, locate);
  const method = await createMethod(config, { reporter });
  const plan = makePlan(method, config.resolution, trainingSamples);
  for (const line of describePlan(plan)) reporter.info(line);
  const run = await createRunFolder(command.runs, config);
  reporter.info(`Run: ${run.path}`);

  // Until here a signal may end the process as it stands: what was prepared is in the cache.
  const interrupt = catchInterrupts(reporter.warn);
  const end = await train({ config, method, data, plan, run, reporter, maxSteps, interrupt });
  if (end.complete) await measure(config, method, data, run, reporter);
  else reporter.info(`Ended after step ${end.step} of ${plan.steps}, before the end of the plan.`);
  for (const line of whereEverythingLies(run, end)) reporter.info(line);
  interrupt.throwIfAborted();
}

async function measure(
  config: Config,
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
  await writeFileAtomically(`${run.metrics}/test.json`, `${JSON.stringify(result, null, 1)}\n`);
  for (const line of describeTable(result, config)) reporter.info(line);
}

function describeTable({ samples, split, rows }: HeldOutTable, { task }: Config): string[] {
  const place = task === 'edit' ? 'inside the hole' : 'of the whole image';
  const cells = rows.map(({ name, l1, psnr }) => [name, l1.toFixed(4), psnr.toFixed(2)]);
  return [
    '',
    `Errors ${place}, ${samples} ${split} samples, true sketches:`,
    ...table(['', 'L1', 'PSNR, dB'], cells),
  ];
}

function whereEverythingLies(
  run: RunFolder,
  end: { checkpoint: string; grid: string | undefined },
): string[] {
  const places: [string, string | undefined][] = [
    ['Checkpoint', end.checkpoint],
    ['Samples', end.grid ?? run.samples],
    ['Log', run.log],
    ['Metrics', run.metrics],
    ['TensorBoard', `tensorboard --logdir ${relative('.', run.events)}`],
  ];
  return ['', ...places.map(([label, place]) => `${label.padEnd(13)}${place}`)];
}
