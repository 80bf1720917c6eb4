/** Fills the holes of photos, or draws faces from sketches: one file or many. */
import { basename, join } from 'node:path';
import { readManifest } from '../core/checkpoint.ts';
import { valuesOfL } from '../core/method.ts';
import { loadFaceCrop } from '../data/face-crop.ts';
import { type LoadedMethod, loadMethod, nameOfModel, trainedPredictor } from '../models/load.ts';
import { amongWorkers, exchange, leave, programHash, requireEqual } from '../ops/coordination.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { UserError } from '../runtime/errors.ts';
import { LONGEST_NAME, requireWritableFolder, writeFileAtomically } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { fileOf, findJobs, type Job, type JobSources } from './jobs.ts';
import type { MaskHole } from './mask.ts';
import { type PaintOptions, paint } from './paint.ts';
import type { RegionChoice } from './region.ts';
import { openPredictor } from './run-predictor.ts';

/** Which photos are filled by which checkpoint, how, and where the results go. */
export interface InferPhotosOptions extends JobSources {
  /** A run's folder, which stands for its newest checkpoint, or a checkpoint's. */
  readonly checkpoint: string;
  /** How freely the sketch is taken: different values in [0, 1], each of which gives a picture. Default: 0.5 alone. */
  readonly ls?: readonly number[] | undefined;
  /** Which parts of a mask are the hole. Default: `white`. */
  readonly maskHole?: MaskHole | undefined;
  /** What the network sees of a photo. Default: `hole`, the hole's surroundings. */
  readonly region?: RegionChoice | undefined;
  /** The network's own output, not blended into the photo. Default: false. */
  readonly raw?: boolean | undefined;
  /** The folder of the results, made if it is not there. */
  readonly out: string;
  /** Is told what happens. Default: nobody. */
  readonly reporter?: Reporter | undefined;
  /** Ends after the picture in progress. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fills the holes of photos by sketches, or draws faces from sketches alone, as the checkpoint was trained to. The pictures
 * are in `out`: NAME-SGEN.png, NAME-IGEN.png and NAME-IOUT.png, with `-lVALUE` after them where there are several l, and
 * NAME-sheet.png. Where this process is one of several workers, each makes its share of the pictures.
 *
 * @returns the paths of the files; after an abort of those that were made until then.
 * @throws UserError when the checkpoint cannot be used, files are missing, and, after all others, when one could not be used.
 */
export async function inferPhotos(options: InferPhotosOptions): Promise<string[]> {
  return amongWorkers(() => findAndMake(options));
}

async function findAndMake(options: InferPhotosOptions): Promise<string[]> {
  const { checkpoint: source, colour, out, reporter = silent, signal } = options;
  const { ls = [0.5], maskHole = 'white', region = 'hole', raw = false } = options;
  const loaded = await loadMethod(source);
  try {
    const { config, checkpoint, path } = loaded;
    const { controls } = trainedPredictor(loaded);
    const takesSketch = controls.includes('sketch');
    if (options.sketch !== undefined && !takesSketch)
      reporter.warn('This method takes no sketch: --sketch is not looked at.');
    if (options.ls && !controls.includes('l')) reporter.warn('This method has no l: --l is not looked at.');
    if (colour !== undefined && !controls.includes('colour'))
      throw new UserError('This checkpoint takes no strokes of colour.', {
        where: `--colour ${colour}`,
        expected: 'no --colour, or a checkpoint of a method that takes strokes of colour',
        got: `a checkpoint of ${config.method}: ${path}`,
      });
    const { image, mask, strips } = options;
    const sketch = takesSketch ? options.sketch : undefined;
    const jobs = await findJobs({ image, mask, sketch, colour, strips }, config.task, takesSketch, reporter);
    requireShortNames(jobs, ls);
    await requireEqual({
      'the program': programHash(),
      'the checkpoint': (await readManifest(path)).sha256.slice(0, 12),
      'the pictures': JSON.stringify(jobs.map(({ name }) => name)),
      'the way they are made': JSON.stringify({ ls, maskHole, region, raw }),
    });
    reporter.info(
      `${config.method}, ${config.task} at ${config.resolution} px, step ${checkpoint.step}: ${path}`,
    );
    return await makePictures({ loaded, jobs, ls, maskHole, region, raw, out, reporter, signal });
  } finally {
    loaded.method.dispose();
  }
}

export interface PictureOptions extends Pick<PaintOptions, 'ls' | 'maskHole' | 'region' | 'raw'> {
  readonly loaded: LoadedMethod;
  readonly jobs: readonly Job[];
  readonly out: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

/** So many failures are told at the end. */
const LISTED = 20;

/** Makes the pictures of every job. Among several jobs one that cannot be used does not hold up the rest. */
export async function makePictures(options: PictureOptions): Promise<string[]> {
  const { loaded, jobs, region, reporter } = options;
  // Before the networks are loaded and run.
  await requireWritableFolder(options.out, '--out');
  const predictor = trainedPredictor(loaded);
  // Of all workers: how pictures are made depends on their number.
  const pictures = jobs.length * valuesOfL(predictor, options.ls).length;
  const running = await openPredictor(loaded, pictures, reporter);
  try {
    const findFace = region === 'face' ? await loadFaceCrop() : undefined;
    const { resolution } = loaded.config;
    const model = nameOfModel(loaded);
    return await paintJobs(options, { ...options, predictor, model, running, findFace, resolution });
  } finally {
    await running.close();
  }
}

/** What came of one job. */
interface Outcome {
  /** The job's place among all. */
  readonly index: number;
  readonly files: readonly string[];
  /** Why there are none, where there are none. */
  readonly failure?: string;
}

async function paintJobs(
  { jobs, out, reporter, signal }: PictureOptions,
  paintOptions: PaintOptions,
): Promise<string[]> {
  const cluster = currentCluster();
  const own = [...jobs.entries()].filter(([i]) => !cluster || i % cluster.addresses.length === cluster.rank);
  const task = reporter.task('Pictures', own.length, 'pictures');
  const outcomes: Outcome[] = [];
  task.update(0);
  for (const [index, job] of own) {
    if (signal?.aborted) break;
    try {
      const { files: pngs, warnings } = await paint(job, paintOptions);
      for (const warning of warnings) reporter.warn(`${fileOf(job)}: ${warning}`);
      const files: string[] = [];
      for (const [suffix, png] of pngs) files.push(await write(out, `${job.name}${suffix}.png`, png));
      outcomes.push({ index, files });
    } catch (error) {
      if (!(error instanceof UserError) || jobs.length === 1) throw error;
      outcomes.push({ index, files: [], failure: describeFailure(job, error) });
    }
    task.update(outcomes.length);
  }
  task.finish();
  // Others would wait for a worker that ends early, or take its pictures for made.
  if (cluster) signal?.throwIfAborted();
  const all = (await exchange(outcomes)).flat().sort((a, b) => a.index - b.index);
  const failures = all.flatMap(({ failure }) => failure ?? []);
  if (failures.length > 0) {
    await leave();
    throw someFailed(failures, jobs.length);
  }
  return all.flatMap(({ files }) => files);
}

async function write(out: string, name: string, png: Uint8Array): Promise<string> {
  const path = join(out, name);
  await writeFileAtomically(path, png);
  return path;
}

/** Throws a UserError when the file system would not take the names of the results. */
function requireShortNames(jobs: readonly Job[], ls: readonly number[]): void {
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
