/** Shows the steps of a set-up as they go on: a line that rewrites itself on a terminal, plain lines elsewhere. */
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const FRAMES = ['-', '\\', '|', '/'];

/**
 * Bytes in a tree; entries that vanish meanwhile count as nothing.
 *
 * @param {string} folder
 * @returns {Promise<number>}
 */
export async function treeSize(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await treeSize(path);
    else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** @param {number} seconds */
const elapsed = (seconds) =>
  seconds < 60 ? `${seconds.toFixed(0)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

/**
 * Shows one step while `work` runs: its number, title, time, and how much it has written to `folder`.
 *
 * @template T
 * @param {{label: string, folder: string, out?: NodeJS.WriteStream}} step
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function showStep({ label, folder, out = process.stderr }, work) {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let written = '';
  let measuring = false;
  let frame = 0;
  const measure = async () => {
    if (measuring) return;
    measuring = true;
    written = `, ${((await treeSize(folder)) / 1e6).toFixed(0)} MB written`;
    measuring = false;
  };
  const clear = out.isTTY ? '\r\x1b[K' : '';
  if (!out.isTTY) out.write(`${label} ...\n`);
  const timers = [
    setInterval(measure, 2_000),
    setInterval(
      () => {
        const state = `${elapsed(seconds())}${written}`;
        if (out.isTTY) out.write(`${clear}${FRAMES[frame++ % FRAMES.length]} ${label}: ${state}`);
        else out.write(`${label}: still at it after ${state}\n`);
      },
      out.isTTY ? 200 : 30_000,
    ),
  ];
  let done = false;
  try {
    const result = await work();
    done = true;
    return result;
  } finally {
    for (const timer of timers) clearInterval(timer);
    out.write(`${clear}${label}: ${done ? 'done' : 'failed'} in ${elapsed(seconds())}\n`);
  }
}
