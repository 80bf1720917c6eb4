import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';

/** A program that never ends by itself and prints what it is told. */
async function program(more = ''): Promise<{ child: ChildProcess; output: () => string }> {
  const code = `
    import { catchInterrupts } from './src/cli/interrupt.ts';
    const signal = catchInterrupts((message) => console.log(message));
    signal.addEventListener('abort', () => console.log('aborted', signal.reason.exitStatus));
    setInterval(() => {}, 1000);
    ${more}
    console.log('ready');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  while (!output.includes('ready')) await setTimeout(20);
  return { child, output: () => output };
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s is told and aborts; work goes on until a later SIGINT', async (name, status) => {
  const { child, output } = await program();
  child.kill(name);
  while (!output().includes('aborted')) await setTimeout(20);
  expect(output()).toMatch(new RegExp(`${name}: ending[\\s\\S]*aborted ${status}`));
  await setTimeout(1200);
  child.kill('SIGTERM');
  await setTimeout(200);
  expect(child.exitCode).toBeNull();
  child.kill('SIGINT');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGINT');
});

it('a later SIGINT ends a process that is too busy to notice', async () => {
  const { child, output } = await program(`
    signal.addEventListener('abort', () => setTimeout(() => {
      console.log('busy');
      for (;;);
    }, 1200));`);
  child.kill('SIGINT');
  while (!output().includes('busy')) await setTimeout(20);
  child.kill('SIGINT');
  expect((await once(child, 'exit'))[1]).toBe('SIGINT');
});
