import { readdirSync, readlinkSync } from 'node:fs';

/** Whether the tests can see which files this process has open: on Linux. */
export const listsOpenFiles = process.platform === 'linux';

/** The paths of all files that this process has open. */
export function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      // The one that the list was read by.
      return '';
    }
  });
}
