import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import { resolveCheckpoint } from '../../src/core/choose-checkpoint.ts';
import { makePairs } from '../train/pairs.ts';
import { logged, loggedSteps, runFolder, smokeArguments, startTrain } from './train-process.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
  await makePairs(join(folder, 'pairs'), 12);
});
afterAll(() => rmSync(folder, { recursive: true }));

function train(name: string, ...args: string[]) {
  const run = startTrain([...smokeArguments(folder, name), ...args]);
  return { ...run, path: () => runFolder(join(folder, name), run) };
}

const lastStep = (path: string) => loggedSteps(path).at(-1);

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
    const path = await run.path();
    await logged(path, 2, run);
    run.child.kill('SIGINT');
    expect(await run.end, run.output()).toBe(130);
    expect((await readCheckpoint(await resolveCheckpoint(path))).step).toBe(lastStep(path));
  });
});
