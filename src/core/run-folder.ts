/** A run's folder: `runs/00012-NAME` with everything that the run writes. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';
import { ifThere, writeFileAtomically } from '../runtime/files.ts';
import { explainSystemError } from '../runtime/system-errors.ts';

/** The places of a run's folder. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get config(): string {
    return join(this.path, 'config.yaml');
  }
  get log(): string {
    return join(this.path, 'log.jsonl');
  }
  /** TensorBoard's event files. */
  get events(): string {
    return join(this.path, 'events');
  }
  get samples(): string {
    return join(this.path, 'samples');
  }
  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }
  /** A folder for each step that was discarded because its numbers were not finite; absent while there was none. */
  get faults(): string {
    return join(this.path, 'faults');
  }
  /** The ids of the training samples, a JSON list. */
  get trainingSamples(): string {
    return join(this.path, 'training-samples.json');
  }
  get metrics(): string {
    return join(this.path, 'metrics');
  }
  /** Those that every run has. */
  get folders(): string[] {
    return [this.events, this.samples, this.checkpoints, this.metrics];
  }
  /** The table at the end of training. */
  get table(): string {
    return join(this.metrics, 'test.json');
  }
}

/**
 * Makes the folder of a new run below `runs`, numbered one above the last, and writes the configuration into it. Runs
 * that start at the same time get different numbers, and a deleted run's number is not used again.
 */
export async function createRunFolder(runs: string, config: RunConfig): Promise<RunFolder> {
  try {
    const number = await claimNumber(runs);
    const run = new RunFolder(join(runs, `${String(number).padStart(5, '0')}-${config.name}`));
    for (const folder of [run.path, ...run.folders]) await mkdir(folder);
    await writeFileAtomically(run.config, configToYaml(config));
    return run;
  } catch (error) {
    throw new UserError('The run’s folder cannot be made.', {
      where: `--runs ${runs}`,
      expected: 'a folder that can be written to',
      got: (error as Error).message,
      fix: explainSystemError(error)?.details.fix,
    });
  }
}

/**
 * The path of the run of the highest number below `runs`; undefined when there is none.
 *
 * @param called the name of the runs that are looked at. Default: all.
 */
export async function newestRun(runs: string, called?: string): Promise<string | undefined> {
  for await (const run of newestRuns(runs, called)) return run;
  return undefined;
}

/** The paths of the runs below `runs`, the highest number first. @param called see {@link newestRun}. */
export async function* newestRuns(runs: string, called?: string): AsyncGenerator<string> {
  const names = (await ifThere(readdir(runs))) ?? [];
  const numbered = names
    .filter((name) => /^\d+-/.test(name) && (called === undefined || name.replace(/^\d+-/, '') === called))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  for (const name of numbered) {
    const run = new RunFolder(join(runs, name));
    // One that was killed while its folder was made has no configuration, and another user's may be theirs alone.
    const config = await ifThere(stat(run.config)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES') throw error;
    });
    if (config) yield run.path;
  }
}

async function claimNumber(runs: string): Promise<number> {
  const claims = join(runs, '.numbers');
  await mkdir(claims, { recursive: true });
  const names = [...(await readdir(runs)), ...(await readdir(claims))];
  const used = names.map((name) => Number.parseInt(name, 10)).filter(Number.isFinite);
  for (let number = Math.max(0, ...used) + 1; ; number++) {
    try {
      // Making a folder succeeds for one process only.
      await mkdir(join(claims, String(number).padStart(5, '0')));
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
