import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { makePairs } from '../train/pairs.ts';
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
}, 120_000);

const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;

it.skipIf(!hasScript)(
  'the end of a terminal ends a training with a checkpoint (needs the program `script`)',
  async () => {
    const main = [process.execPath, '--import', 'tsx', 'src/cli/main.ts', 'train'];
    const args = [...main, ...smokeArguments(folder, 'window'), ...endless];
    const terminal = spawn('script', ['-qec', args.map((word) => `'${word}'`).join(' '), '/dev/null'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    terminal.stdout.on('data', (text) => {
      shown += text;
    });
    const run = { child: terminal, output: () => shown };
    const path = await runFolder(join(folder, 'window'), { ...run, end: Promise.resolve(0) });
    await logged(path, 2, { ...run, end: Promise.resolve(0) });
    const { pid } = JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8'));
    terminal.kill('SIGKILL');
    await once(terminal, 'exit');
    await until(() => !existsSync(`/proc/${pid}`));
    await expectSaved(path);
    // Neither hidden cursor nor other state stays behind in a terminal.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by these.
    expect(shown).not.toMatch(/\x1b\[\?\d+[hl]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    expect(shown).toMatch(/\x1b\[/);
  },
  120_000,
);
