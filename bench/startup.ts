/** How long it takes from the start of a training's program to the end of its first step, everything being in the cache. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configToYaml } from '../src/config/load.ts';
import { prepare } from '../src/data/prepare.ts';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { UserError } from '../src/runtime/errors.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';
import type { Reporter } from '../src/runtime/progress.ts';
import { withFaces } from './works.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const POLL_MS = 20;
/** Faces that the training has, prepared before. */
const SAMPLES = 16;

interface FirstStepOptions {
  readonly config: DpsConfig;
  /** The level whose step it is; 1 is the lowest. */
  readonly level: number;
  readonly batch: number;
  /** Where its configuration and runs are put; made here. */
  readonly folder: string;
  readonly reporter: Reporter;
}

/** Starts a training again and again. */
export class FirstStep {
  readonly ready = { software: `Node ${process.version}` };
  readonly missing = undefined;
  readonly #folder: string;
  #count = 0;
  #child: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async prepare(options: FirstStepOptions): Promise<FirstStep> {
    const config = firstStepAtLevel(options);
    await prepare({ config, reporter: options.reporter });
    await mkdir(options.folder);
    await writeFileAtomically(join(options.folder, 'config.yaml'), configToYaml(config));
    return new FirstStep(options.folder);
  }

  /** A training until it has logged its first step. @returns seconds. @throws UserError when it fails. */
  async iterate(): Promise<number> {
    const runs = join(this.#folder, `runs-${this.#count++}`);
    const flags = ['train', '--config', join(this.#folder, 'config.yaml'), '--runs', runs];
    const begin = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, MAIN, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    try {
      while (!(await hasLogged(runs))) {
        if (child.exitCode !== null)
          throw new UserError('The training that is timed has failed.', { got: errors.trim() });
        await pause(POLL_MS);
      }
      return (performance.now() - begin) / 1000;
    } finally {
      await this.kill();
    }
  }

  /** Its memory is not looked at. */
  async end(): Promise<undefined> {}

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

/** A training whose first step is one of the level's, and is logged. */
function firstStepAtLevel({ config, level, batch }: FirstStepOptions): DpsConfig {
  const { training, output } = config;
  const none = { steps: 0 };
  const levels = training.levels.map((entry, index) => ({
    ...entry,
    batch,
    atFullRefinement: none,
    atDrawnRefinement: index === level - 1 ? { steps: 1 } : none,
  }));
  const imageGenerator = { ...training.imageGenerator, batch, duration: none };
  return {
    ...withFaces(config, SAMPLES),
    training: { ...training, imageGenerator, levels },
    output: { ...output, logEvery: 1 },
  } as DpsConfig;
}

/** Whether a run in the folder has logged a step. */
async function hasLogged(runs: string): Promise<boolean> {
  const name = (await readdir(runs).catch(() => [])).find((entry) => /^\d/.test(entry));
  const log = name ? await readFile(join(runs, name, 'log.jsonl'), 'utf8').catch(() => '') : '';
  return log.includes('"step"');
}
