import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emptyFolder, script } from './support.ts';

const { takeLock } = await script('setup/lock.mjs');
const quick = { onWait() {}, pollMs: 5 };

/** A process id that no process has any more. */
const deadPid = () => spawnSync(process.execPath, ['-e', '0']).pid;

function leaveLock(path: string, owner: object, silentForMs = 0): void {
  writeFileSync(path, `${JSON.stringify({ token: 'left', host: hostname(), started: '', ...owner })}\n`);
  const then = new Date(Date.now() - silentForMs);
  utimesSync(path, then, then);
}

describe('the lock', () => {
  it('is held by one at a time', async () => {
    const path = join(emptyFolder(), 'lock');
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const release = await takeLock(path, quick);
        most = Math.max(most, ++inside);
        await sleep(10);
        inside--;
        release();
      }),
    );
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('tells whom it waits for, once', async () => {
    const path = join(emptyFolder(), 'lock');
    const release = await takeLock(path, quick);
    const waitedFor: number[] = [];
    let second: Promise<() => void> | undefined;
    await new Promise<void>((waits) => {
      const onWait = ({ pid }: { pid: number }) => {
        waitedFor.push(pid);
        waits();
      };
      second = takeLock(path, { onWait, pollMs: 5 });
    });
    release();
    (await second)?.();
    expect(waitedFor).toEqual([process.pid]);
  });

  it('of a process that is gone is taken over, by one of those that wait', async () => {
    const folder = emptyFolder();
    const path = join(folder, 'lock');
    leaveLock(path, { pid: deadPid() });
    const releases = [takeLock(path, quick), takeLock(path, quick)].map(async (taken) => (await taken)());
    await Promise.all(releases);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'of an earlier process with a living one’s id is taken over (skipped where there is no /proc)',
    async () => {
      const path = join(emptyFolder(), 'lock');
      leaveLock(path, { pid: process.pid, started: '1' });
      (await takeLock(path, quick))();
      expect(existsSync(path)).toBe(false);
    },
  );

  it('that is damaged is taken over in the end', async () => {
    const path = join(emptyFolder(), 'lock');
    writeFileSync(path, '{"tok');
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(path, longAgo, longAgo);
    (await takeLock(path, quick))();
    expect(existsSync(path)).toBe(false);
  });

  it('in a place that cannot be written is an error with a remedy', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    await expect(takeLock(join(file, 'lock'), quick)).rejects.toThrow(/cannot be written[\s\S]*fix: /);
  });

  it('of another machine counts while its heartbeat does', async () => {
    const path = join(emptyFolder(), 'lock');
    leaveLock(path, { host: 'elsewhere', pid: 1 });
    let second: Promise<() => void> | undefined;
    const holder = await new Promise((waits) => {
      second = takeLock(path, { onWait: waits, pollMs: 5 });
    });
    expect(holder).toMatchObject({ host: 'elsewhere', pid: 1 });
    leaveLock(path, { host: 'elsewhere', pid: 1 }, 120_000);
    (await second)?.();
    expect(existsSync(path)).toBe(false);
  });
});
