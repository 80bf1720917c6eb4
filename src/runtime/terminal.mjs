/**
 * What a program does whose terminal is closed. Plain JavaScript without dependencies, because scripts use it before anything
 * is installed.
 */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { isatty } from 'node:tty';
import { startedByNohup } from './nohup.mjs';

/**
 * Without a terminal the work goes on where somebody asked for that, what it prints is lost without an error, and the process
 * ends with its own exit status. Call it once, at the beginning.
 */
export function outliveTerminal() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  if (startedByNohup()) process.on('SIGHUP', () => {});
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.on('exit', () => {
    // At its end Node puts the settings of a terminal back, and aborts where that fails, as of one that is closed (EIO).
    for (const descriptor of terminals) {
      if (isatty(descriptor)) continue;
      closeSync(descriptor);
      // The lowest number that is free: the same one.
      openSync(devNull, 'r+');
    }
  });
}
