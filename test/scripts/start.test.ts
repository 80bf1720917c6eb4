import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { root } from './support.ts';

/** Starts a command that starts Node with `code` in its place. */
function start(code: string) {
  const outer = `
    const { startCommand } = await import(${JSON.stringify(`${root}/scripts/start.mjs`)});
    process.exitCode = await startCommand(['-e', ${JSON.stringify(code)}]);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', outer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  return child;
}

const READY = "console.log('ready'); setTimeout(() => process.exit(99), 20_000);";

describe('a command in the place of another', () => {
  it('hands its exit status on', async () => {
    expect(await once(start('process.exitCode = 7'), 'close')).toEqual([7, null]);
  });

  it('hands on the signal that it died of', async () => {
    expect(
      await once(start("process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 20_000)"), 'close'),
    ).toEqual([null, 'SIGTERM']);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    'gets %s, which it may handle',
    async (signal) => {
      const child = start(`process.on('${signal}', () => process.exit(5)); ${READY}`);
      await once(child.stdout, 'data');
      child.kill(signal);
      expect(await once(child, 'close')).toEqual([5, null]);
    },
  );

  it('gets a signal once that arrives twice', async () => {
    const child = start(`
      let n = 0;
      process.on('SIGINT', () => console.log(++n));
      process.on('SIGTERM', () => process.exit(n));
      ${READY}`);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});
