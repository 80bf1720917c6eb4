/** The lock of a run's folder: one process at a time trains in it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { holderOf, type Owner, tryLock } from '../runtime/lock.mjs';

/** Of a process on another machine, or in another container, only the heartbeat can be seen. */
const HEARTBEAT = { heartbeatMs: 10_000, silentMs: 60_000 };

/**
 * Locks a run's folder for this process by `RUN/lock.json`. Returns what gives the lock back; the process's end does so
 * too.
 *
 * @throws UserError with the other's process id and machine when the run is in use, or when the folder cannot be written.
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, 'lock.json');
  const { unlock, holder } = tryLockIn(folder, path);
  if (holder) throw inUse(path, holder);
  return unlock;
}

/** Throws a UserError when another process has taken the run over, as it may once this one was stopped for a while. */
export function requireLock(folder: string): void {
  const path = join(folder, 'lock.json');
  const holder = holderOf(path);
  if (!holder || (holder.pid === process.pid && holder.host === hostname())) return;
  throw new UserError('Another process has taken the run over.', {
    where: path,
    expected: `process ${process.pid} on ${hostname()}, which was stopped or out of reach for a while`,
    got: `process ${holder.pid} on ${holder.host}, since ${holder.since}`,
    fix: 'let that one go on; this one ends without a checkpoint',
  });
}

function tryLockIn(folder: string, path: string): ReturnType<typeof tryLock> {
  try {
    return tryLock(path, HEARTBEAT);
  } catch (error) {
    throw new UserError('The run’s folder cannot be written.', {
      where: folder,
      expected: 'a folder that can be written to, on a disk that is neither full nor read-only',
      got: (error as Error).message,
      fix: 'correct its permissions or free disk space; to train elsewhere, copy the folder',
    });
  }
}

function inUse(path: string, { pid, host, since }: Owner): UserError {
  const elsewhere = host !== hostname();
  return new UserError('The run is in use by another process.', {
    where: path,
    expected: 'a run that nothing else trains',
    got: `process ${pid} on ${host}, since ${since}`,
    fix: elsewhere
      ? `end it there; if it is gone already, wait a minute, or delete the file`
      : `wait for its end, or end it with \`kill ${pid}\` (it writes a checkpoint first)`,
  });
}
