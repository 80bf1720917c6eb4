/** The lock of a run's folder: one process at a time trains in it. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';

const HEARTBEAT_MS = 15_000;
/** Of a process on another machine or in another container only the heartbeat can be seen; long steps delay it. */
const SILENT_MS = 10 * 60_000;

/** The content of `lock.json`. */
interface Owner {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the kernel's clock: tells it from a later one of the same id. */
  readonly started: string;
  readonly since: string;
}

/**
 * Locks a run's folder for this process by `RUN/lock.json`. A lock that a dead process left is taken over. Returns what
 * gives the lock back; the process's end does so too.
 *
 * @throws UserError with the other's process id and machine when the run is in use, or when the folder cannot be written.
 */
export function lockRun(folder: string): () => void {
  const path = join(folder, 'lock.json');
  const since = new Date().toISOString();
  const { pid } = process;
  const owner: Owner = { token: randomUUID(), pid, host: hostname(), started: startTime(pid), since };
  const own = `${path}.${owner.token}`;
  try {
    writeFileSync(own, `${JSON.stringify(owner, null, 1)}\n`, { flag: 'wx' });
    take(path, own);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('The run’s folder cannot be written.', {
      where: folder,
      expected: 'a folder that can be written to, on a disk that is neither full nor read-only',
      got: (error as Error).message,
      fix: 'correct its permissions or free disk space; to train elsewhere, copy the folder',
    });
  } finally {
    ignoringErrors(() => rmSync(own, { force: true }));
  }
  const isOurs = () => read(path)?.token === owner.token;
  const heartbeat = setInterval(() => {
    const now = new Date();
    ignoringErrors(() => {
      if (isOurs()) utimesSync(path, now, now);
    });
  }, HEARTBEAT_MS);
  heartbeat.unref();
  const unlock = () => {
    clearInterval(heartbeat);
    process.off('exit', unlock);
    ignoringErrors(() => {
      if (isOurs()) rmSync(path, { force: true });
    });
  };
  process.on('exit', unlock);
  return unlock;
}

/**
 * Puts the file `own` in place of the lock. A hard link makes the lock appear whole and for one process only. Taking a
 * dead owner's lock over needs a claim named after that owner, which again one process gets; nobody else may replace the
 * lock meanwhile.
 */
function take(path: string, own: string): void {
  while (!link(own, path)) {
    const owner = read(path);
    if (!owner) continue;
    if (isAlive(owner, path)) throw inUse(path, owner);
    const claim = `${path}.over-${owner.token}`;
    if (!link(own, claim)) {
      const claimant = read(claim);
      if (claimant && isAlive(claimant, claim)) throw inUse(path, claimant);
      rmSync(claim, { force: true });
      continue;
    }
    const replace = read(path)?.token === owner.token;
    if (replace) renameSync(own, path);
    rmSync(claim, { force: true });
    if (replace) return;
  }
}

/** Whether the link was made; false when something of that name is there. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The owner that a lock names; undefined when there is no lock. What is no lock at all counts as a dead process's. */
function read(path: string): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const damaged: Owner = { token: 'damaged', pid: 0, host: hostname(), started: '', since: '' };
  try {
    const parsed = JSON.parse(text) as Partial<Owner> | null;
    const valid = /^[\w-]{1,64}$/.test(parsed?.token ?? '') && Number.isSafeInteger(parsed?.pid);
    return valid ? (parsed as Owner) : damaged;
  } catch {
    return damaged;
  }
}

function isAlive({ pid, host, started }: Owner, path: string): boolean {
  if (host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - touched < SILENT_MS;
  }
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is alive, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return started === startTime(pid);
}

/** Empty where the system has no /proc. */
function startTime(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[19];
  } catch {
    return '';
  }
}

function inUse(path: string, { pid, host, since }: Owner): UserError {
  const elsewhere = host !== hostname();
  return new UserError('The run is in use by another process.', {
    where: path,
    expected: 'a run that nothing else trains',
    got: `process ${pid} on ${host}, since ${since}`,
    fix: elsewhere
      ? `end it there; if it is gone already, delete the file or wait ${SILENT_MS / 60_000} minutes`
      : `wait for its end, or end it with \`kill ${pid}\` (it writes a checkpoint first)`,
  });
}

function ignoringErrors(action: () => void): void {
  try {
    action();
  } catch {
    // Nothing was written, or it goes stale by itself.
  }
}
