/**
 * Lock files that name their owner. A lock whose owner is gone (killed, or a machine that went down) is taken over.
 * Plain JavaScript without dependencies, because scripts use it before anything is installed.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';

/**
 * The content of a lock file.
 *
 * @typedef {object} Owner
 * @property {string} token
 * @property {number} pid
 * @property {string} host
 * @property {string} started when the process started, in the kernel's clock: tells it from a later one of the same id
 * @property {string} since
 */

/**
 * How owners that cannot be asked show that they live.
 *
 * @typedef {object} Heartbeat
 * @property {number} heartbeatMs how often an owner touches its lock
 * @property {number} silentMs a process on another machine or in another container that was silent for so long is gone
 */

/**
 * Takes the lock if no living process has it.
 *
 * @param {string} path
 * @param {Heartbeat} heartbeat
 * @returns {{ unlock: () => void, holder?: undefined } | { unlock?: undefined, holder: Owner }} what gives the lock back
 *   (the process's end does so too), or who has it
 * @throws Error of the file system when the lock's folder cannot be written
 */
export function tryLock(path, { heartbeatMs, silentMs }) {
  const { pid } = process;
  const token = randomUUID();
  const owner = { token, pid, host: hostname(), started: startTime(pid), since: new Date().toISOString() };
  const own = `${path}.${token}`;
  const text = `${JSON.stringify(owner, null, 1)}\n`;
  try {
    writeFileSync(own, text, { flag: 'wx' });
    const holder = take(path, own, silentMs);
    if (holder) return { holder };
  } finally {
    ignoringErrors(() => rmSync(own, { force: true }));
  }
  const isOurs = () => read(path)?.token === token;
  const heartbeat = new Worker(new URL('./lock-heartbeat.mjs', import.meta.url), {
    workerData: { path, text, heartbeatMs },
    execArgv: [],
  });
  heartbeat.unref();
  const unlock = () => {
    void heartbeat.terminate();
    process.off('exit', unlock);
    ignoringErrors(() => {
      if (isOurs()) rmSync(path, { force: true });
    });
  };
  process.on('exit', unlock);
  return { unlock };
}

/**
 * Puts the file `own` in place of the lock. A hard link makes the lock appear whole and for one process only. Taking a
 * dead owner's lock over needs a claim named after that owner, which again one process gets; nobody else may replace the
 * lock meanwhile.
 *
 * @param {string} path
 * @param {string} own
 * @param {number} silentMs
 * @returns {Owner | undefined} who has the lock if it could not be taken
 */
function take(path, own, silentMs) {
  // By the clock of the file system, which wrote the times of all these files.
  const now = statSync(own).mtimeMs;
  while (!appear(own, path)) {
    const owner = read(path);
    if (!owner) continue;
    if (isAlive(owner, path, silentMs, now)) return owner;
    const claim = `${path}.over-${owner.token}`;
    if (!appear(own, claim)) {
      const claimant = read(claim);
      if (claimant && isAlive(claimant, claim, silentMs, now)) return claimant;
      rmSync(claim, { force: true });
      continue;
    }
    const replace = read(path)?.token === owner.token;
    if (replace) putOver(own, path);
    rmSync(claim, { force: true });
    if (replace) return undefined;
  }
  return undefined;
}

/**
 * Whether the file appeared under the name `to`; false when something of that name is there.
 *
 * @param {string} from
 * @param {string} to
 */
function appear(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
  }
  // Without hard links (exFAT, many network and FUSE file systems). A copy would ask for permissions that they lack, too.
  try {
    writeFileSync(to, readFileSync(from), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces a file. Some network file systems rename to free names only; whoever holds the claim may free the name.
 *
 * @param {string} from
 * @param {string} to
 */
function putOver(from, to) {
  try {
    renameSync(from, to);
  } catch {
    rmSync(to, { force: true });
    renameSync(from, to);
  }
}

/**
 * Who holds a lock, whether or not that process lives.
 *
 * @param {string} path
 * @returns {Owner | undefined}
 */
export const holderOf = (path) => read(path);

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code ?? '';

/**
 * The owner that a lock names; undefined when there is no lock. What is no lock at all counts as a dead process's.
 *
 * @param {string} path
 * @returns {Owner | undefined}
 */
function read(path) {
  /** @type {string} */
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (text === '' && isYoung(path)) {
    // It is being written.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    return undefined;
  }
  try {
    const parsed = JSON.parse(text);
    if (/^[\w-]{1,64}$/.test(parsed?.token ?? '') && Number.isSafeInteger(parsed?.pid)) return parsed;
  } catch {
    // No JSON: as other damage.
  }
  return { token: 'damaged', pid: 0, host: hostname(), started: '', since: '' };
}

/** Whether a file changed within two seconds. @param {string} path */
function isYoung(path) {
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && Math.abs(Date.now() - changed) < 2_000;
}

/**
 * @param {Owner} owner
 * @param {string} path the lock, whose time is that of the last heartbeat
 * @param {number} silentMs
 * @param {number} now
 */
function isAlive({ pid, host, started }, path, silentMs, now) {
  if (host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return now - touched < silentMs;
  }
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is alive, but another user's.
    return codeOf(error) === 'EPERM';
  }
  return started === startTime(pid);
}

/**
 * @param {number} pid
 * @returns {string} empty where the system has no /proc
 */
function startTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[19] ?? '';
  } catch {
    return '';
  }
}

/** @param {() => void} action */
function ignoringErrors(action) {
  try {
    action();
  } catch {
    // Nothing was written, or it goes stale by itself.
  }
}
