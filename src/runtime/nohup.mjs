/**
 * Whether `nohup` started this process. Plain JavaScript without dependencies, because scripts use it before anything is
 * installed.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * `nohup` ignores SIGHUP for what it starts, but Node gives every signal its default effect again. What shows it still: the
 * shell's variable `_`, and standard input, which is /dev/null opened for writing alone.
 *
 * @returns {boolean}
 */
export function startedByNohup() {
  if (basename(process.env._ ?? '') === 'nohup') return true;
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8'))?.[1] ?? '0';
    return readlinkSync('/proc/self/fd/0') === '/dev/null' && (Number.parseInt(flags, 8) & 3) === 1;
  } catch {
    return false;
  }
}
