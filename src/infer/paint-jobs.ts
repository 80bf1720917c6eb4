/** From jobs to the files of their pictures, whatever predicts. */
import { basename, join } from 'node:path';
import type { Control } from '../core/vocabulary.ts';
import { UserError } from '../runtime/errors.ts';
import { LONGEST_NAME, writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { fileOf, findJobs, type Job, type JobSources } from './jobs.ts';
import { type PaintOptions, paint } from './paint.ts';

/** So many failures are told at the end. */
const LISTED = 20;

/**
 * The pictures that are asked of a model. The reporter is told what it does not look at.
 *
 * @throws UserError as {@link findJobs}, and when there are strokes of colour and the model takes none.
 */
export async function requestedJobs(
  { image, mask, sketch, colour, strips, ls }: JobSources & { readonly ls?: readonly number[] | undefined },
  model: {
    readonly task: 'edit' | 'synthesis';
    readonly controls: readonly Control[];
    readonly name: string;
  },
  reporter: Reporter,
): Promise<Job[]> {
  const takesSketch = model.controls.includes('sketch');
  if (sketch !== undefined && !takesSketch)
    reporter.warn('This method takes no sketch: --sketch is not looked at.');
  if (ls && !model.controls.includes('l')) reporter.warn('This method has no l: --l is not looked at.');
  if (colour !== undefined && !model.controls.includes('colour'))
    throw new UserError('This checkpoint takes no strokes of colour.', {
      where: `--colour ${colour}`,
      expected: 'no --colour, or a checkpoint of a method that takes strokes of colour',
      got: `a checkpoint of ${model.name}`,
    });
  const lines = takesSketch ? sketch : undefined;
  return findJobs({ image, mask, sketch: lines, colour, strips }, model.task, takesSketch, reporter);
}

/** What came of one job. */
export interface Outcome {
  /** The job's place among all. */
  readonly index: number;
  readonly files: readonly string[];
  /** Why there are none, where there are none. */
  readonly failure?: string;
}

/**
 * Makes the pictures of jobs, each with its place among all. Among several jobs one that cannot be used does not hold up the rest.
 *
 * @param count of all jobs, those of other workers too.
 */
export async function paintJobs(
  jobs: readonly (readonly [index: number, job: Job])[],
  count: number,
  { out, reporter, signal }: { out: string; reporter: Reporter; signal: AbortSignal | undefined },
  paintOptions: PaintOptions,
): Promise<Outcome[]> {
  const task = reporter.task('Pictures', jobs.length, 'pictures');
  const outcomes: Outcome[] = [];
  task.update(0);
  for (const [index, job] of jobs) {
    if (signal?.aborted) break;
    try {
      const { files: pngs, warnings } = await paint(job, paintOptions);
      for (const warning of warnings) reporter.warn(`${fileOf(job)}: ${warning}`);
      const files: string[] = [];
      for (const [suffix, png] of pngs) files.push(await write(out, `${job.name}${suffix}.png`, png));
      outcomes.push({ index, files });
    } catch (error) {
      if (!(error instanceof UserError) || count === 1) throw error;
      outcomes.push({ index, files: [], failure: describeFailure(job, error) });
    }
    task.update(outcomes.length);
  }
  task.finish();
  return outcomes;
}

/** The paths of all files, in the order of the jobs. @throws UserError when jobs have failed. @param count of all jobs. */
export function filesOf(outcomes: readonly Outcome[], count: number): string[] {
  const all = outcomes.toSorted((a, b) => a.index - b.index);
  const failures = all.flatMap(({ failure }) => failure ?? []);
  if (failures.length > 0) throw someFailed(failures, count);
  return all.flatMap(({ files }) => files);
}

async function write(out: string, name: string, png: Uint8Array): Promise<string> {
  const path = join(out, name);
  await writeFileAtomically(path, png);
  return path;
}

/** Throws a UserError when the file system would not take the names of the results. */
export function requireShortNames(jobs: readonly Job[], ls: readonly number[]): void {
  const endings = ['-sheet.png', ...ls.map((l) => `-SGEN${ls.length > 1 ? `-l${l}` : ''}.png`)];
  const longest = Math.max(...endings.map((ending) => ending.length));
  const tooLong = jobs.filter(({ name }) => Buffer.byteLength(basename(name)) + longest > LONGEST_NAME);
  if (tooLong.length === 0) return;
  throw new UserError('Names of pictures are too long for those of the results.', {
    where: tooLong.slice(0, LISTED).map(fileOf).join('\n            '),
    expected: `at most ${LONGEST_NAME - longest} bytes without the extension (most letters that are not Latin take 3)`,
    got: `${Math.max(...tooLong.map(({ name }) => Buffer.byteLength(basename(name))))} bytes`,
    fix: 'rename the files',
  });
}

function describeFailure(job: Job, { message, details: { expected, got } }: UserError): string {
  const why = [got && `got ${got}`, expected && `expected ${expected}`].filter(Boolean).join('; ');
  return `  ${fileOf(job)}: ${message.split('\n')[0]}${why ? ` (${why})` : ''}`;
}

function someFailed(failures: readonly string[], count: number): UserError {
  const lines = failures.slice(0, LISTED);
  if (failures.length > LISTED) lines.push(`  ... and ${failures.length - LISTED} more`);
  return new UserError(`${failures.length} of ${count} pictures could not be made:\n${lines.join('\n')}`);
}
