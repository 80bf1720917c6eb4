/**
 * A lock file, so that of commands started at once one sets up and the others wait for it. It names its owner; a lock
 * whose owner is gone (killed, or a machine that went down) is taken over.
 */
import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './errors.mjs';

const HEARTBEAT_MS = 5_000;
/** Of a lock held on another machine or in another container only its heartbeat can be seen. */
const SILENT_MS = 60_000;

/**
 * When a process started, in the kernel's clock; tells a process from a later one with the same id.
 *
 * @param {number} pid
 * @returns {string} empty where the system has no /proc
 */
function startTime(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return '';
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * @typedef {object} Owner
 * @property {string} token
 * @property {string} host
 * @property {number} pid
 * @property {string} started
 */

/**
 * The lock as it is now, or undefined if there is none.
 *
 * @param {string} path
 * @returns {{owner: Owner | undefined, silentFor: number} | undefined} no owner while the file is being written, or if it is damaged
 */
function look(path) {
  try {
    const silentFor = Date.now() - statSync(path).mtimeMs;
    return { owner: parseOwner(readFileSync(path, 'utf8')), silentFor };
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} text @returns {Owner | undefined} */
function parseOwner(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {{owner: Owner | undefined, silentFor: number}} lock */
function isStale({ owner, silentFor }) {
  if (owner?.host !== hostname()) return silentFor > SILENT_MS;
  return !isAlive(owner.pid) || owner.started !== startTime(owner.pid);
}

/**
 * Takes a stale lock away. Another process may have done so already and hold a new lock: that one is put back.
 *
 * @param {string} path
 * @param {Owner | undefined} stale
 */
function removeStale(path, stale) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (look(aside)?.owner?.token !== stale?.token) linkSync(aside, path);
  } catch {
    // Someone else was faster.
  }
  rmSync(aside, { force: true });
}

/** @param {string} folder @param {unknown} cause */
const notWritable = (folder, cause) =>
  new SetupError('The folder for what set-up installs cannot be written.', {
    where: folder,
    expected: 'write permission for this user, on a disk that is not read-only',
    got: String(cause),
    fix: 'correct the permissions ("ls -ld" shows them), or clone the project to a folder of yours',
    cause,
  });

/** @param {string} path @param {Owner} owner @returns {boolean} whether the lock is ours now */
function tryTake(path, owner) {
  try {
    writeFileSync(path, `${JSON.stringify(owner)}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw notWritable(dirname(path), error);
  }
}

/**
 * Waits for the lock and takes it.
 *
 * @param {string} path the lock file
 * @param {{onWait: (owner: Owner | undefined) => void, pollMs?: number}} options `onWait` is called once, when another holds it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, { onWait, pollMs = 300 }) {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw notWritable(dirname(path), error);
  }
  const owner = { token: randomUUID(), host: hostname(), pid: process.pid, started: startTime(process.pid) };
  let waiting = false;
  while (!tryTake(path, owner)) {
    const lock = look(path);
    if (!lock) continue;
    if (isStale(lock)) {
      removeStale(path, lock.owner);
      continue;
    }
    if (!waiting) onWait(lock.owner);
    waiting = true;
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (look(path)?.owner?.token === owner.token) utimesSync(path, now, now);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return () => {
    clearInterval(heartbeat);
    if (look(path)?.owner?.token === owner.token) rmSync(path, { force: true });
  };
}
