import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRunFolder, newestRun } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';

let runs: string;
beforeEach(() => {
  runs = join(mkdtempSync(join(tmpdir(), 'runs-')), 'runs');
});
afterEach(() => rmSync(join(runs, '..'), { recursive: true }));

const { config } = readConfig('configs/smoke.yaml');

it('numbers runs and writes the configuration', async () => {
  const first = await createRunFolder(runs, config);
  const second = await createRunFolder(runs, { ...config, name: 'other' });
  expect([first, second].map(({ path }) => basename(path))).toEqual(['00001-smoke', '00002-other']);
  expect(readdirSync(first.path).sort()).toEqual([
    'checkpoints',
    'config.yaml',
    'events',
    'metrics',
    'samples',
  ]);
  expect(readConfig(first.config).config).toEqual(config);
});

it('does not use a deleted run’s number again', async () => {
  rmSync((await createRunFolder(runs, config)).path, { recursive: true });
  expect(basename((await createRunFolder(runs, config)).path)).toBe('00002-smoke');
});

it('runs that start together get different numbers', async () => {
  const names = Array.from({ length: 8 }, (_, i) => createRunFolder(runs, { ...config, name: `n${i}` }));
  const numbers = (await Promise.all(names)).map(({ path }) => basename(path).slice(0, 5));
  expect(new Set(numbers).size).toBe(8);
});

it('says when the folder cannot be made', async () => {
  const file = join(runs, '..', 'file');
  writeFileSync(file, '');
  await expect(createRunFolder(file, config)).rejects.toThrow(/--runs .*file/);
});

it('the newest run is no earlier one because the disk does not answer now', async () => {
  const [first, second] = [await createRunFolder(runs, config), await createRunFolder(runs, config)];
  expect(await newestRun(runs)).toBe(second.path);
  rmSync(second.config);
  expect(await newestRun(runs)).toBe(first.path);
  // It leads to itself.
  symlinkSync(second.config, second.config);
  await expect(newestRun(runs)).rejects.toThrow('ELOOP');
});
