/** Fills the holes of photos, or draws faces from sketches: one file or many. */
import { join } from 'node:path';
import { loadFaceCrop } from '../data/face-crop.ts';
import type { LoadedMethod } from '../models/load.ts';
import { trainedPredictor } from '../models/load.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { fileOf, type Job } from './jobs.ts';
import { type PaintOptions, paint } from './paint.ts';

export interface InferOptions extends Pick<PaintOptions, 'ls' | 'maskHole' | 'region' | 'raw'> {
  readonly loaded: LoadedMethod;
  readonly jobs: readonly Job[];
  /** The folder of the results, made if it is not there. */
  readonly out: string;
  readonly reporter: Reporter;
  /** Ends after the picture in progress. */
  readonly signal?: AbortSignal;
}

/** So many failures are told at the end. */
const LISTED = 20;

/**
 * Makes the pictures of every job in `out`: NAME-SGEN.png, NAME-IGEN.png and NAME-IOUT.png, with `-lVALUE` after them
 * where there are several l, and NAME-sheet.png. Among several jobs one that cannot be used does not hold up the rest.
 *
 * @returns the paths of the files.
 * @throws UserError when the networks are not trained, and, after all other jobs, when one could not be used.
 */
export async function infer(options: InferOptions): Promise<string[]> {
  const { loaded, jobs, region, reporter, signal } = options;
  const predictor = trainedPredictor(loaded);
  const findFace = region === 'face' ? await loadFaceCrop() : undefined;
  const paintOptions = { ...options, predictor, findFace, resolution: loaded.config.resolution };
  const task = reporter.task('Pictures', jobs.length, 'pictures');
  const written: string[] = [];
  const failed: { job: Job; error: UserError }[] = [];
  task.update(0);
  for (const [index, job] of jobs.entries()) {
    if (signal?.aborted) break;
    try {
      const { files, warnings } = await paint(job, paintOptions);
      for (const warning of warnings) reporter.warn(`${fileOf(job)}: ${warning}`);
      for (const [suffix, png] of files)
        written.push(await write(options.out, `${job.name}${suffix}.png`, png));
    } catch (error) {
      if (!(error instanceof UserError) || jobs.length === 1) throw error;
      failed.push({ job, error });
    }
    task.update(index + 1);
  }
  task.finish();
  if (failed.length > 0) throw someFailed(failed, jobs.length);
  return written;
}

async function write(out: string, name: string, png: Buffer): Promise<string> {
  const path = join(out, name);
  try {
    await writeFileAtomically(path, png);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
    throw new UserError('The results cannot be written there.', {
      where: `--out ${out}`,
      expected: 'a folder, or a name that is free for one',
      got: 'a file',
    });
  }
  return path;
}

function someFailed(failed: readonly { job: Job; error: UserError }[], count: number): UserError {
  const lines = failed.slice(0, LISTED).map(({ job, error }) => {
    const { expected, got } = error.details;
    const why = [got && `got ${got}`, expected && `expected ${expected}`].filter(Boolean).join('; ');
    return `  ${fileOf(job)}: ${error.message.split('\n')[0]}${why ? ` (${why})` : ''}`;
  });
  if (failed.length > LISTED) lines.push(`  ... and ${failed.length - LISTED} more`);
  return new UserError(`${failed.length} of ${count} pictures could not be made:\n${lines.join('\n')}`);
}
