import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { Threads } from '../../src/runtime/workers.ts';

const url = new URL('./workers-module.ts', import.meta.url);
type Module = typeof import('./workers-module.ts');

const opened: Threads<Module>[] = [];
function open(module = url, count = 1): Threads<Module> {
  const threads = new Threads<Module>(module, { count });
  opened.push(threads);
  return threads;
}
afterEach(async () => {
  for (const threads of opened.splice(0)) await threads.close();
});

it('calls functions of a TypeScript module on a thread, which keeps its variables', async () => {
  const threads = open();
  const first = await threads.run('count', [2]);
  expect(first.thread).not.toBe(0);
  expect(await threads.run('count', [3])).toEqual({ calls: 5, thread: first.thread });
});

it('calls functions of a JavaScript module', async () => {
  type Javascript = typeof import('../../scripts/setup/errors.mjs');
  const threads = new Threads<Javascript>(new URL('../../scripts/setup/errors.mjs', import.meta.url));
  expect(await threads.run('isSetupError', ['a text'])).toBe(false);
  await threads.close();
});

it('gives arrays away', async () => {
  const values = new Float32Array([1, 2]);
  expect(await open().run('double', [values], [values.buffer])).toEqual(new Float32Array([2, 4]));
  expect(values).toHaveLength(0);
});

it('runs as many calls at once as there are threads, and the others after them', async () => {
  const threads = open(url, 2);
  const flags = [0, 1, 2].map(() => new Int32Array(new SharedArrayBuffer(4)));
  const results = flags.map((flag) => threads.run('wait', [flag]));
  await begun(flags[0]);
  await begun(flags[1]);
  expect(flags[2][0]).toBe(0);
  release(flags[0]);
  await begun(flags[2]);
  release(flags[1]);
  release(flags[2]);
  expect(await Promise.all(results)).toEqual(['waited', 'waited', 'waited']);
});

/** Of a later version of the language than the types that are checked here. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(array: Int32Array, index: number, value: number): { value: Promise<string> | string };
};

/** Resolves when the call of `wait` that has this flag begins. */
async function begun(flag: Int32Array): Promise<void> {
  await waitAsync(flag, 0, 0).value;
}

function release(flag: Int32Array): void {
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

it('rejects with the message of what was thrown, and goes on', async () => {
  const threads = open();
  const before = await threads.run('count', [1]);
  await expect(threads.run('fail', [new TypeError('not like this')])).rejects.toThrow('not like this');
  await expect(threads.run('fail', ['a plain text'])).rejects.toThrow('a plain text');
  expect(await threads.run('count', [1])).toEqual({ calls: 2, thread: before.thread });
});

it('rejects when a thread ends or crashes, also for calls that wait; the next call starts another', async () => {
  const threads = open();
  const [died, waiting] = [threads.run('die', [3]), threads.run('count', [1])];
  await expect(died).rejects.toThrow('a thread ended with code 3');
  await expect(waiting).rejects.toThrow('a thread ended with code 3');
  await expect(threads.run('crash', [])).rejects.toThrow('nobody catches this');
  expect(await threads.run('count', [1])).toMatchObject({ calls: 1 });
});

it('rejects when the module cannot be loaded or has no such function', async () => {
  await expect(open(new URL('./missing.ts', url)).run('count', [1])).rejects.toThrow(/Cannot find module/);
  await expect(open().run('notAFunction', [] as never)).rejects.toThrow(/not a function/);
});

it('ends calls in progress when it is closed, and takes no others', async () => {
  const threads = open();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const call = threads.run('wait', [flag]);
  const ended = expect(call).rejects.toThrow();
  await begun(flag);
  await threads.close();
  await ended;
  await expect(threads.run('count', [1])).rejects.toThrow('closed');
});

it('works in a program that tsx runs, and does not keep it alive', async () => {
  const program = `
    import { Threads } from './src/runtime/workers.ts';
    const threads = new Threads(new URL('${url}'));
    console.log((await threads.run('count', [4])).calls);`;
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd });
  expect(stdout).toBe('4\n');
});
