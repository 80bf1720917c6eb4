/** A thread that shows that a lock's owner lives: its process may be busy for minutes in one call of TensorFlow. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { path, text, heartbeatMs } = workerData;

setInterval(() => {
  try {
    if (readFileSync(path, 'utf8') !== text) return;
    // Written over in place it is never empty, and its time is the file system's own, whatever this machine's clock says.
    const file = openSync(path, 'r+');
    try {
      writeSync(file, text, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // A share that is out of reach for a moment; the next beat follows.
  }
}, heartbeatMs);
