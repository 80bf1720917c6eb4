import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

/** A program that never ends by itself and prints what happens: `ready`, `aborted STATUS`, `released`, `SIGTERM`. */
class Program {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(whenReleased = '', nohup?: 'variable' | 'input') {
    const code = `
      import { catchInterrupts } from './src/cli/interrupt.ts';
      import { outliveTerminal } from './src/runtime/terminal.mjs';
      outliveTerminal();
      const signal = catchInterrupts((message) => console.log(message));
      signal.addEventListener('abort', () => console.log('aborted', signal.reason.exitStatus));
      process.on('SIGTERM', () => console.log('SIGTERM'));
      const watch = setInterval(() => {
        if (process.listenerCount('SIGINT') > 0) return;
        clearInterval(watch);
        setInterval(() => {}, 1000);
        console.log('released');
        ${whenReleased}
      }, 10);
      console.log('ready');`;
    // What nohup makes of standard input.
    const input = nohup === 'input' ? openSync('/dev/null', 'w') : 'ignore';
    this.child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: [input, 'pipe', 'inherit'],
      env: { ...process.env, _: nohup === 'variable' ? '/usr/bin/nohup' : '/bin/sh' },
    });
    if (typeof input === 'number') closeSync(input);
    const { stdout } = this.child;
    if (!stdout) throw new Error('The program has no output.');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
  }

  /** The next lines until one that begins so. */
  async until(beginning: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`It ended without ${beginning}: ${lines.join(', ')}`);
      lines.push(value);
      if (value.startsWith(beginning)) return lines;
    }
  }
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGXCPU', 152],
] as const)('the first %s is told and aborts; work goes on until a later SIGINT', async (name, status) => {
  const program = new Program();
  await program.until('ready');
  program.child.kill(name);
  const lines = await program.until('aborted');
  expect(lines[0]).toMatch(new RegExp(`${name}: ending`));
  expect(lines.at(-1)).toBe(`aborted ${status}`);
  await program.until('released');
  program.child.kill('SIGTERM');
  await program.until('SIGTERM');
  expect(program.child.exitCode).toBeNull();
  program.child.kill('SIGINT');
  const [, signal] = await once(program.child, 'exit');
  expect(signal).toBe('SIGINT');
});

it('a later SIGINT ends a process that is too busy to notice', async () => {
  const program = new Program('for (;;);');
  await program.until('ready');
  program.child.kill('SIGINT');
  await program.until('released');
  program.child.kill('SIGINT');
  expect((await once(program.child, 'exit'))[1]).toBe('SIGINT');
});

it.each(['variable', ...(process.platform === 'linux' ? (['input'] as const) : [])] as const)(
  'below nohup SIGHUP changes nothing, told by its %s',
  async (nohup) => {
    const program = new Program('', nohup);
    await program.until('ready');
    program.child.kill('SIGHUP');
    program.child.kill('SIGTERM');
    expect((await program.until('aborted')).join()).not.toMatch('SIGHUP');
    program.child.kill('SIGKILL');
  },
);
