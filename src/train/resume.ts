/** Opens a run to go on with: its folder, its newest whole checkpoint, and the configuration. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { type Checkpoint, listCheckpoints, readCheckpoint } from '../core/checkpoint.ts';
import { newestRun, RunFolder } from '../core/run-folder.ts';
import type { PreparedSample } from '../data/types.ts';
import { type LoadedConfig, loadConfig, storedConfig } from '../models/read-config.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import { lockRun } from './lock.ts';
import { requireSameTraining, writeSampleIds } from './resume-check.ts';

export interface ResumeOptions {
  /** A run's folder, one of its checkpoints, or `latest`. */
  readonly target: string;
  /** Folder of all runs, in which `latest` is looked for. */
  readonly runs: string;
  /** A config file in place of the run's own. */
  readonly config?: string | undefined;
  /** `KEY=VALUE`. */
  readonly sets: readonly string[];
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
 * Locks a run and reads the checkpoint that it goes on from: the named one or the newest. One that is damaged is warned
 * of and the newest whole one before it taken.
 *
 * @throws UserError when there is no such run, another process uses it, none of its checkpoints is whole, or the
 * configuration says to train something else.
 */
export async function openRun(options: ResumeOptions): Promise<OpenedRun> {
  const { run, upTo } = await locate(options);
  const unlock = lockRun(run.path);
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
  if (config === undefined && trained && !existsSync(run.config)) {
    warn(`${run.config} is missing and is written again from the checkpoint.`);
    await writeFileAtomically(run.config, configToYaml(trained));
  }
  if (config === undefined && !existsSync(run.config)) {
    throw new UserError('The run has neither a configuration nor a checkpoint.', {
      where: run.path,
      expected: run.config,
      got: 'nothing of that name',
      fix: 'begin a new run with --config FILE',
    });
  }
  const loaded = loadConfig(config ?? run.config, sets);
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
