import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { lockRun, requireLock } from '../../src/train/lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'lock.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const owner = () => JSON.parse(readFileSync(path, 'utf8'));
const leave = (change: object) => {
  const lock = { token: 'old', pid: deadPid(), host: hostname(), started: '1', since: 'then', ...change };
  writeFileSync(path, JSON.stringify(lock));
};
const deadPid = () => spawnSync('true').pid;

it('one at a time; given back, the next', () => {
  const unlock = lockRun(folder);
  expect(owner()).toMatchObject({ pid: process.pid, host: hostname() });
  const refused = () => lockRun(folder);
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(new RegExp(`in use[\\s\\S]*process ${process.pid} on ${hostname()}`));
  unlock();
  expect(readdirSync(folder)).toEqual([]);
  lockRun(folder)();
});

it('a dead process’s lock is taken over, and one whose number another process has now', () => {
  leave({});
  lockRun(folder)();
  leave({ pid: process.pid });
  const unlock = lockRun(folder);
  expect(owner().token).not.toBe('old');
  expect(readdirSync(folder)).toEqual(['lock.json']);
  unlock();
});

it('a damaged lock is no lock', () => {
  writeFileSync(path, '{"tok');
  lockRun(folder)();
  writeFileSync(path, '{"token": "../../x", "pid": 1}');
  lockRun(folder)();
});

it('of another machine only the heartbeat counts', () => {
  leave({ host: 'elsewhere', pid: 12 });
  expect(() => lockRun(folder)).toThrow(/process 12 on elsewhere[\s\S]*delete the file/);
  const longAgo = Date.now() / 1000 - 70;
  utimesSync(path, longAgo, longAgo);
  lockRun(folder)();
});

it('shows that its process lives while that is busy, and tells when another has taken over', async () => {
  const code = `
    import { tryLock } from './src/runtime/lock.mjs';
    tryLock(${JSON.stringify(path)}, { heartbeatMs: 50, silentMs: 60_000 });
    console.log('taken');
    for (;;);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const before = statSync(path).mtimeMs;
  while (statSync(path).mtimeMs === before) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(() => requireLock(folder)).toThrow(new RegExp(`taken the run over[\\s\\S]*process ${child.pid} on`));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  const unlock = lockRun(folder);
  requireLock(folder);
  unlock();
  requireLock(folder);
});

it('does not take a lock away that has changed hands meanwhile', () => {
  const unlock = lockRun(folder);
  leave({ pid: process.ppid, host: 'elsewhere' });
  unlock();
  expect(owner().token).toBe('old');
});

it('says so when the folder cannot be written', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => lockRun(file)).toThrow(/cannot be written[\s\S]*file/);
});

it('of many processes that find a stale lock at once one gets it', async () => {
  leave({});
  const code = `
    import { lockRun } from './src/train/lock.ts';
    process.stdin.once('data', () => {
      try { lockRun(${JSON.stringify(folder)}); console.log('got it'); }
      catch (error) { console.log(error.name); }
      process.stdin.once('data', () => process.exit());
    });
    console.log('ready');`;
  const children = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      output += text;
    });
    return { child, output: () => output };
  });
  const all = async (pattern: RegExp) => {
    while (!children.every(({ output }) => pattern.test(output())))
      await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await all(/ready/);
  for (const { child } of children) child.stdin.write('x');
  await all(/got it|Error/);
  const outputs = children.map(({ output }) => output().replace('ready\n', '').trim()).sort();
  expect(outputs).toEqual(['UserError', 'UserError', 'UserError', 'got it']);
  const ends = children.map(({ child }) => new Promise((resolve) => child.on('close', resolve)));
  for (const { child } of children) child.stdin.write('x');
  await Promise.all(ends);
  expect(existsSync(path)).toBe(false);
});
