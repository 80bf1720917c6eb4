import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { makePairs } from '../train/pairs.ts';
import { hasTerminals, Terminal } from './terminal.ts';
import { logged, loggedSteps, runFolder, smokeArguments, startTrain } from './train-process.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  await makePairs(join(folder, 'pairs'), 12);
});
afterAll(() => rmSync(folder, { recursive: true }));

const endless = ['--set', 'training.imageGenerator.duration={steps: 100000}'];
const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await setTimeout(20);
};

/** The newest checkpoint is whole and the run is free for the next process. Returns its step. */
async function expectSaved(path: string): Promise<number> {
  const newest = (await listCheckpoints(join(path, 'checkpoints'))).at(-1);
  expect(newest).toBeDefined();
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
  return (await readCheckpoint(newest!.path)).step;
}

it('SIGUSR1 asks for a checkpoint; without a reader the training goes on; SIGHUP ends it with a checkpoint', async () => {
  const run = startTrain([...smokeArguments(folder, 'signals'), ...endless]);
  const path = await runFolder(join(folder, 'signals'), run);
  await logged(path, 2, run);
  run.child.kill('SIGUSR1');
  await until(() => readdirSync(join(path, 'checkpoints')).some((name) => /^step-\d+$/.test(name)));
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  await logged(path, loggedSteps(path).length + 30, run);
  run.child.kill('SIGHUP');
  expect(await run.end).toBe(129);
  expect(await expectSaved(path)).toBe(loggedSteps(path).at(-1));
});

it.skipIf(!hasTerminals)(
  'the end of a terminal ends a training with a checkpoint (needs the program `script`)',
  async () => {
    const args = [...smokeArguments(folder, 'window'), ...endless];
    const command = [process.execPath, 'scripts/run.mjs', 'train', ...args];
    const terminal = new Terminal(folder, command, 'SIGHUP');
    const run = { child: terminal.child, output: () => terminal.shown, end: Promise.resolve(0) };
    const path = await runFolder(join(folder, 'window'), run);
    await logged(path, 2, run);
    await terminal.close();
    expect(await terminal.status()).toBe(129);
    await expectSaved(path);
    // Neither hidden cursor nor other state stays behind in a terminal.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by these.
    expect(terminal.shown).not.toMatch(/\x1b\[\?\d+[hl]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    expect(terminal.shown).toMatch(/\x1b\[/);
  },
);
