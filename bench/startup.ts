import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configToYaml } from '../src/config/load.ts';
import { prepare } from '../src/data/prepare.ts';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { UserError } from '../src/runtime/errors.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';
import type { Finding } from './finding.ts';
import type { PartOptions } from './parts.ts';
import { medianAndQuartiles } from './statistics.ts';
import { withFaces } from './works.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const POLL_MS = 20;
/** Faces that the training has, prepared before. */
const SAMPLES = 32;

/** From the start of the program to the end of the first training step, everything being in the cache. */
export async function measureStartup(options: PartOptions): Promise<Finding[]> {
  const { runs, reporter } = options;
  const folder = await mkdtemp(join(tmpdir(), 'bench-startup-'));
  try {
    const config = firstStepAtLevel(options);
    await prepare({ config, reporter });
    const file = join(folder, 'config.yaml');
    await writeFileAtomically(file, configToYaml(config));
    const seconds: number[] = [];
    for (let i = 0; i < runs; i++) seconds.push(await firstStep(file, join(folder, `runs-${i}`)));
    const label = 'from the start to the end of the first step';
    return [{ label, ...medianAndQuartiles(seconds), unit: 's', atMost: 15 }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A training whose first step is one of the level's, and is logged. */
function firstStepAtLevel({ config, level, batch }: PartOptions): DpsConfig {
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

/** Seconds until a training has logged its first step. */
async function firstStep(config: string, runs: string): Promise<number> {
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    [...process.execArgv, MAIN, 'train', '--config', config, '--runs', runs],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
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
    child.kill('SIGKILL');
  }
}

/** Whether a run in the folder has logged a step. */
async function hasLogged(runs: string): Promise<boolean> {
  const name = (await readdir(runs).catch(() => [])).find((entry) => /^\d/.test(entry));
  const log = name ? await readFile(join(runs, name, 'log.jsonl'), 'utf8').catch(() => '') : '';
  return log.includes('"step"');
}
