/** The lock of a run's folder: one process at a time trains in it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { type Owner, tryLock } from '../runtime/lock.mjs';

/** Of a process on another machine only the heartbeat can be seen, and long steps delay it. */
const HEARTBEAT = { heartbeatMs: 15_000, silentMs: 10 * 60_000 };

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
      ? `end it there; if it is gone already, delete the file or wait ${HEARTBEAT.silentMs / 60_000} minutes`
      : `wait for its end, or end it with \`kill ${pid}\` (it writes a checkpoint first)`,
  });
}
