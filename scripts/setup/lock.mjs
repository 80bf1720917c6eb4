/** The lock of what set-up installs: of commands started at once one sets up and the others wait for it. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../src/runtime/lock.mjs';
import { SetupError } from './errors.mjs';

const HEARTBEAT = { heartbeatMs: 5_000, silentMs: 60_000 };

/**
 * Waits for the lock and takes it. Makes the folder that it is in.
 *
 * @param {string} path the lock file
 * @param {{onWait: (owner: import('../../src/runtime/lock.mjs').Owner) => void, pollMs?: number}} options `onWait` is
 *   called once, when another holds it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, { onWait, pollMs = 300 }) {
  for (let waiting = false; ; waiting = true) {
    const { unlock, holder } = tryLockIn(path);
    if (unlock) return unlock;
    if (!waiting) onWait(holder);
    await sleep(pollMs);
  }
}

/** @param {string} path */
function tryLockIn(path) {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true });
    return tryLock(path, HEARTBEAT);
  } catch (error) {
    throw new SetupError('The folder for what set-up installs cannot be written.', {
      where: folder,
      expected: 'write permission for this user, on a disk that is not read-only',
      got: String(error),
      fix: 'correct the permissions ("ls -ld" shows them), or clone the project to a folder of yours (the npm package: name one by DPS_CACHE)',
      cause: error,
    });
  }
}
