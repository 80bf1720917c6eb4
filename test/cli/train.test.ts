import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, resolveCheckpoint } from '../../src/formats/checkpoint.ts';
import { makePairs } from '../train/pairs.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
  await makePairs(join(folder, 'pairs'), 12);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  child: ChildProcess;
  output: () => string;
  end: Promise<number | null>;
  /** The run's folder, once it is there. */
  path: () => Promise<string>;
}

/** Trains the smoke config on pairs, which need no edge detection. */
function train(name: string, ...args: string[]): Run {
  const runs = join(folder, name);
  const source = `data.source={kind: celeba-hq, path: ${join(folder, 'pairs')}}`;
  const cache = `data.cache=${join(folder, `cache-${name}`)}`;
  const common = ['--config', 'configs/smoke.yaml', '--runs', runs, '--set', source, '--set', cache];
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'train', ...common, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const path = async () => {
    for (;;) {
      const found = existsSync(runs) && readdirSync(runs).find((file) => !file.startsWith('.'));
      if (found) return join(runs, found);
      if (child.exitCode !== null) throw new Error(`Ended too early: ${output}`);
      await setTimeout(20);
    }
  };
  const end = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output: () => output, end, path };
}

/** Waits until a run has logged some steps. */
async function logged(run: Run, steps: number): Promise<void> {
  const log = join(await run.path(), 'log.jsonl');
  while (!existsSync(log) || readFileSync(log, 'utf8').split('\n').length <= steps) {
    if (run.child.exitCode !== null) throw new Error(`Ended too early: ${run.output()}`);
    await setTimeout(20);
  }
}

const lastStep = (path: string): number =>
  JSON.parse(readFileSync(join(path, 'log.jsonl'), 'utf8').trim().split('\n').at(-1)!).step;

const long = [
  '--set',
  'training.imageGenerator.duration={steps: 100000}',
  '--set',
  'output.samplesEvery=100000',
];

describe('train', () => {
  it.each(['edit', 'synthesis'])('goes through every stage and ends with a table (%s)', async (task) => {
    const run = train(task, '--set', `task=${task}`);
    expect(await run.end, run.output()).toBe(0);
    const path = await run.path();
    expect(lastStep(path)).toBe(16);
    expect(run.output()).toMatch(/HED/);
    expect(run.output()).toMatch(/mean colour +[\d.]+ +[\d.]+\n[\s\S]*I_out, l = 1 +[\d.]+ +[\d.]+/);
    const metrics = JSON.parse(readFileSync(join(path, 'metrics', 'test.json'), 'utf8'));
    expect(metrics.rows).toHaveLength(8);
    expect(readdirSync(join(path, 'samples')).at(-1)).toBe('step-0000016.png');
    expect((await readCheckpoint(await resolveCheckpoint(path))).step).toBe(16);
  });

  it('--max-steps ends it with a checkpoint and status 0', async () => {
    const run = train('max', '--max-steps', '3');
    expect(await run.end, run.output()).toBe(0);
    expect((await readCheckpoint(await resolveCheckpoint(await run.path()))).step).toBe(3);
    expect(run.output()).toMatch(/step 3 of 16/);
  });

  it('SIGINT ends it with a checkpoint of the last step and status 130', async () => {
    const run = train('interrupt', ...long);
    await logged(run, 2);
    run.child.kill('SIGINT');
    expect(await run.end, run.output()).toBe(130);
    const path = await run.path();
    expect((await readCheckpoint(await resolveCheckpoint(path))).step).toBe(lastStep(path));
  });
}, 120_000);
