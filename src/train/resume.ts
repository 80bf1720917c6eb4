/**
 * Goes on with a run: finds its folder and its newest whole checkpoint, and checks that configuration, samples and lengths
 * of stages are those that it was trained with.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { type Checkpoint, type CheckpointHead, listCheckpoints, readCheckpoint } from '../core/checkpoint.ts';
import { newestRun, RunFolder } from '../core/run-folder.ts';
import type { PreparedSample } from '../data/types.ts';
import { type LoadedConfig, loadConfig, storedConfig } from '../models/read-config.ts';
import { UserError } from '../runtime/errors.ts';
import { ifThere, readState, writeFileAtomically } from '../runtime/files.ts';
import { lockRun } from './lock.ts';
import type { Plan } from './plan.ts';
import { stageEnd } from './stage-end.ts';

export interface ResumeOptions {
  /** A run's folder, one of its checkpoints, or `latest`. */
  readonly target: string;
  /** Folder of all runs, in which `latest` is looked for. */
  readonly runs: string;
  /** A config file, or what one would hold, in place of the run's own. */
  readonly config?: string | object | undefined;
  /** `KEY=VALUE`. */
  readonly sets: readonly string[];
  /** Whether the run’s folder is locked, by the one worker that writes into it. Default: yes. */
  readonly lock?: boolean;
  readonly warn: (message: string) => void;
}

export interface OpenedRun {
  readonly run: RunFolder;
  readonly loaded: LoadedConfig;
  /** Undefined when the run ended before its first checkpoint: then it begins again. */
  readonly from: Checkpoint | undefined;
  /** Gives the run's lock back. */
  readonly unlock: () => void;
}

/**
 * Locks a run, where that is asked for, and reads the checkpoint that it goes on from: the named one or the newest. One that is damaged is warned
 * of and the newest whole one before it taken.
 *
 * @throws UserError when there is no such run, another process uses it, none of its checkpoints is whole, or the
 * configuration says to train something else.
 */
export async function openRun(options: ResumeOptions): Promise<OpenedRun> {
  const { run, upTo } = await locate(options);
  const unlock = (options.lock ?? true) ? lockRun(run.path) : () => {};
  try {
    const from = await newestWhole(run, upTo, options.warn);
    const loaded = await configOf(run, from, options);
    return { run, loaded, from, unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function locate({ target, runs }: ResumeOptions): Promise<{ run: RunFolder; upTo: number }> {
  if (target === 'latest') {
    return { run: new RunFolder(await latestRun(runs)), upTo: Number.POSITIVE_INFINITY };
  }
  const path = basename(target) === 'manifest.json' ? dirname(target) : target;
  if (existsSync(join(path, 'config.yaml')) || existsSync(join(path, 'checkpoints')))
    return { run: new RunFolder(path), upTo: Number.POSITIVE_INFINITY };
  const step = /^step-(\d+)(\.replaced)?$/.exec(basename(path))?.[1];
  if (step !== undefined && basename(dirname(path)) === 'checkpoints' && existsSync(path))
    return { run: new RunFolder(dirname(dirname(path))), upTo: Number(step) };
  throw new UserError('There is no run to go on with.', {
    where: `--resume ${target}`,
    expected: 'a run’s folder (such as runs/00001-NAME), one of its checkpoints/step-N, or `latest`',
    got: existsSync(target) ? 'a file or folder that is neither' : 'nothing of that name',
  });
}

async function latestRun(runs: string): Promise<string> {
  const newest = await newestRun(runs);
  if (newest) return newest;
  throw new UserError('There is no run to go on with.', {
    where: `--resume latest --runs ${runs}`,
    expected: 'folders of runs, such as 00001-NAME',
    got: existsSync(runs) ? 'none' : 'no such folder',
  });
}

async function newestWhole(
  run: RunFolder,
  upTo: number,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  const candidates = (await listCheckpoints(run.checkpoints)).filter(({ step }) => step <= upTo);
  for (const { path } of candidates.toReversed()) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warn(`${error.message}\nThe newest whole checkpoint before it is used instead, if there is one.`);
    }
  }
  if (candidates.length === 0) {
    warn(`${run.path} has no checkpoint yet: the run begins again.`);
    return undefined;
  }
  throw new UserError('No checkpoint of the run is whole.', {
    where: run.checkpoints,
    expected: 'at least one whole checkpoint',
    got: `${candidates.length} damaged, see the warnings`,
    fix: 'put one back from a copy, or train anew',
  });
}

/** The run's own configuration, or the one given in its place, once it is known to train the same. */
async function configOf(
  run: RunFolder,
  from: Checkpoint | undefined,
  { config, sets, warn }: ResumeOptions,
): Promise<LoadedConfig> {
  const trained =
    from && storedConfig(from.config, join(run.checkpoints, `step-${from.step}`, 'manifest.json'));
  const isMissing = config === undefined && !(await ifThere(stat(run.config)));
  if (isMissing && trained) {
    warn(`${run.config} is missing and is written again from the checkpoint.`);
    await writeFileAtomically(run.config, configToYaml(trained));
  }
  if (isMissing && !trained) {
    throw new UserError('The run has neither a configuration nor a checkpoint.', {
      where: run.path,
      expected: run.config,
      got: 'nothing of that name',
      fix: 'begin a new run with --config FILE',
    });
  }
  const loaded = loadConfig(config ?? run.config, sets, from !== undefined);
  if (trained) requireSameTraining(trained, loaded.config, run);
  return loaded;
}

/**
 * Readies the folder of a run that goes on after `step`: makes what is missing, writes the configuration, and renames the
 * checkpoints of later steps, which are damaged or were left behind on purpose; they would be taken for newer ones.
 */
export async function prepareFolder(
  run: RunFolder,
  config: RunConfig,
  samples: readonly PreparedSample[],
  step: number,
  warn: (message: string) => void,
): Promise<void> {
  for (const folder of run.folders) await mkdir(folder, { recursive: true });
  await writeFileAtomically(run.config, configToYaml(config));
  await writeSampleIds(run, samples);
  for (const { step: later, path } of await listCheckpoints(run.checkpoints)) {
    if (later <= step) continue;
    let count = 1;
    while (existsSync(`${path}.aside-${count}`)) count += 1;
    await rename(path, `${path}.aside-${count}`);
    warn(`The checkpoint of the later step ${later} is set aside as ${path}.aside-${count}.`);
  }
}

/** Keys that do not change what is trained. Lengths of stages are checked by {@link requireSamePast}. */
const free = [
  /^name$/,
  /^output\./,
  /^runtime\./,
  /^data\.(ahead|cache|exclude|source\.(\d+\.)?path|split\.groups\.file)$/,
  /^training\.(maxBadSteps|initialWeights)$/,
  // Where a file lies, which holds what its network says.
  /^loss\.\w+\.weights$/,
  /^training\..*\.(epochs|steps|minutes)$/,
];
const FREE_TO_CHANGE =
  'output.*, runtime.*, data.ahead, data.cache, data.source.path (samples of the same names), data.exclude (a list of the same samples), data.split.groups.file (of the same groups), training.maxBadSteps, training.initialWeights, loss.*.weights (the same files), and the lengths of stages that are not over';

/** Throws a UserError that lists every key by which `config` would train something else than `trained`. */
export function requireSameTraining(trained: RunConfig, config: RunConfig, run: RunFolder): void {
  const before = leaves(trained);
  const after = leaves(config);
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const differing = keys
    .filter((key) => before.get(key) !== after.get(key) && !free.some((pattern) => pattern.test(key)))
    .map((key) => `${key}: ${after.get(key) ?? 'nothing'}, in the run ${before.get(key) ?? 'nothing'}`);
  if (differing.length === 0) return;
  throw new UserError('The configuration trains something else than the run that is to go on.', {
    where: run.path,
    expected: 'the run’s own values of all keys that say what is trained',
    got: [`${differing.length} that differ:`, ...differing].join('\n              '),
    fix: `leave these out, or begin a new run without --resume; free to change are ${FREE_TO_CHANGE}`,
  });
}

/** Values by key, as JSON: `training.levels.0.batch` to `8`. */
export function leaves(value: unknown, key = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[key, JSON.stringify(value)]]);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return new Map(entries.flatMap(([name, item]) => [...leaves(item, key === '' ? name : `${key}.${name}`)]));
}

/** What a checkpoint says of the samples that it was trained on. */
export function sampleIdentity(samples: readonly PreparedSample[]): { count: number; sha256: string } {
  const ids = JSON.stringify(samples.map(({ id }) => id));
  return { count: samples.length, sha256: createHash('sha256').update(ids).digest('hex') };
}

/** Writes the ids of the training samples into the run's folder, so that a later change can be named. */
export async function writeSampleIds(run: RunFolder, samples: readonly PreparedSample[]): Promise<void> {
  const ids = samples.map(({ id }) => id);
  await writeFileAtomically(run.trainingSamples, `${JSON.stringify(ids, null, 0)}\n`);
}

/** Throws a UserError when the training samples are not those of the checkpoint, and says which differ. */
export async function requireSameSamples(
  from: CheckpointHead,
  samples: readonly PreparedSample[],
  run: RunFolder,
): Promise<void> {
  const { trainingSamples: before } = from;
  if (!before || before.sha256 === sampleIdentity(samples).sha256) return;
  const old = await readState(run.trainingSamples, z.array(z.string()));
  throw new UserError('The training samples have changed since the checkpoint.', {
    where: 'data.source',
    expected: `the run’s ${before.count} training samples, which ${run.trainingSamples} lists`,
    got: `${samples.length} samples${old ? difference(old, samples) : ''}`,
    fix: 'put the data back as it was, or begin a new run without --resume',
  });
}

function difference(old: readonly unknown[], samples: readonly PreparedSample[]): string {
  const before = new Set(old.map(String));
  const after = new Set(samples.map(({ id }) => id));
  const list = (label: string, ids: string[]) => {
    if (ids.length === 0) return '';
    const more = ids.length > 3 ? ', ...' : '';
    return `; ${ids.length} ${label}: ${ids.slice(0, 3).join(', ')}${more}`;
  };
  const missing = [...before].filter((id) => !after.has(id));
  const added = [...after].filter((id) => !before.has(id));
  return list('missing', missing) + list('new', added) || ' in another order';
}

/** Throws a UserError when the plan's stages are others up to where the checkpoint stands. */
export function requireSamePast(from: CheckpointHead, plan: Plan): void {
  const { index, name, step } = from.stage;
  const refuse = (where: string, expected: string, got: string) =>
    new UserError('The lengths of the stages do not fit the checkpoint.', {
      where,
      expected,
      got,
      fix: 'only stages that are not over can be made longer or shorter',
    });
  plan.stages.slice(0, index).forEach(({ stage, steps }, at) => {
    const done = from.stageSteps?.[at] ?? steps;
    if (steps !== done) throw refuse(`stage ${stage.name}`, `${done} steps, as they were made`, `${steps}`);
  });
  const current = plan.stages[index];
  if (current?.stage.name !== name)
    throw refuse(`stage ${index + 1}`, name, current?.stage.name ?? 'no such stage');
  if (current.steps < step)
    throw refuse(`stage ${name}`, `at least the ${step} steps made already`, `${current.steps}`);
}

/** Whether a checkpoint is the end of the plan. */
export function isFinished(
  { stage }: CheckpointHead,
  plan: Plan,
  earlyStopping?: RunConfig['training']['earlyStopping'],
): boolean {
  const isLast = plan.stages.slice(stage.index + 1).every(({ steps }) => steps === 0);
  return isLast && stageEnd(stage, plan.stages[stage.index], earlyStopping) !== undefined;
}
