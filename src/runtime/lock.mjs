/**
 * Lock files that name their owner. A lock whose owner is gone (killed, or a machine that went down) is taken over.
 * Plain JavaScript without dependencies, because scripts use it before anything is installed.
 */
import { randomUUID } from 'node:crypto';
import {
  constants,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';

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
  try {
    writeFileSync(own, `${JSON.stringify(owner, null, 1)}\n`, { flag: 'wx' });
    const holder = take(path, own, silentMs);
    if (holder) return { holder };
  } finally {
    ignoringErrors(() => rmSync(own, { force: true }));
  }
  const isOurs = () => read(path)?.token === token;
  const heartbeat = setInterval(() => {
    const now = new Date();
    ignoringErrors(() => {
      if (isOurs()) utimesSync(path, now, now);
    });
  }, heartbeatMs);
  heartbeat.unref();
  const unlock = () => {
    clearInterval(heartbeat);
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
  while (!link(own, path)) {
    const owner = read(path);
    if (!owner) continue;
    if (isAlive(owner, path, silentMs)) return owner;
    const claim = `${path}.over-${owner.token}`;
    if (!link(own, claim)) {
      const claimant = read(claim);
      if (claimant && isAlive(claimant, claim, silentMs)) return claimant;
      rmSync(claim, { force: true });
      continue;
    }
    const replace = read(path)?.token === owner.token;
    if (replace) renameSync(own, path);
    rmSync(claim, { force: true });
    if (replace) return undefined;
  }
  return undefined;
}

/**
 * Whether the link was made; false when something of that name is there.
 *
 * @param {string} from
 * @param {string} to
 */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
  }
  // A file system without hard links.
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

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
  try {
    const parsed = JSON.parse(text);
    if (/^[\w-]{1,64}$/.test(parsed?.token ?? '') && Number.isSafeInteger(parsed?.pid)) return parsed;
  } catch {
    // No JSON: as other damage.
  }
  return { token: 'damaged', pid: 0, host: hostname(), started: '', since: '' };
}

/**
 * @param {Owner} owner
 * @param {string} path the lock, whose time is that of the last heartbeat
 * @param {number} silentMs
 */
function isAlive({ pid, host, started }, path, silentMs) {
  if (host !== hostname()) {
    const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - touched < silentMs;
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
