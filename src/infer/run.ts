/** Fills the holes of photos, or draws faces from sketches: one file or many. */
import { readManifest } from '../core/checkpoint.ts';
import { valuesOfL } from '../core/method.ts';
import { loadFaceFinder } from '../data/face-crop.ts';
import { type LoadedMethod, loadMethod, nameOfModel, trainedPredictor } from '../models/load.ts';
import { amongWorkers, exchange, leave, programHash, requireEqual } from '../ops/coordination.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { requireWritableFolder } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { regionToSee } from './faces.ts';
import type { Job, JobSources } from './jobs.ts';
import type { MaskHole } from './mask.ts';
import type { PaintOptions } from './paint.ts';
import { filesOf, paintJobs, requestedJobs, requireShortNames } from './paint-jobs.ts';
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
  /** What the network sees of a photo. Default: `hole`, the hole's surroundings; with `face`: the face. */
  readonly region?: RegionChoice | undefined;
  /** Which of a photo's faces it sees, from 1, from left to right. Default: the one whose middle is nearest to the hole's. */
  readonly face?: number | undefined;
  /** The network's own output, not blended into the photo. Default: false. */
  readonly raw?: boolean | undefined;
  /** Whether a result that is enlarged to the photo's size is sharpened and given the photo's texture. Default: true. */
  readonly detail?: boolean | undefined;
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
  const { checkpoint: source, out, reporter = silent, signal } = options;
  const { ls = [0.5], maskHole = 'white', face, raw = false, detail = true } = options;
  const region = regionToSee(options.region, face);
  const loaded = await loadMethod(source);
  try {
    const { config, checkpoint, path } = loaded;
    const { controls } = trainedPredictor(loaded);
    const model = { task: config.task, controls, name: `${config.method}: ${path}` };
    const jobs = await requestedJobs(options, model, reporter);
    requireShortNames(jobs, ls);
    await requireEqual({
      'the program': programHash(),
      'the checkpoint': (await readManifest(path)).sha256.slice(0, 12),
      'the pictures': JSON.stringify(jobs.map(({ name }) => name)),
      'the way they are made': JSON.stringify({ ls, maskHole, region, face, raw, detail }),
    });
    reporter.info(
      `${config.method}, ${config.task} at ${config.resolution} px, step ${checkpoint.step}: ${path}`,
    );
    return await makePictures({
      loaded,
      jobs,
      ls,
      maskHole,
      region,
      face,
      raw,
      detail,
      out,
      reporter,
      signal,
    });
  } finally {
    loaded.method.dispose();
  }
}

export interface PictureOptions
  extends Pick<PaintOptions, 'ls' | 'maskHole' | 'region' | 'face' | 'raw' | 'detail'> {
  readonly loaded: LoadedMethod;
  readonly jobs: readonly Job[];
  readonly out: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

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
    const findFaces = region === 'face' ? await loadFaceFinder() : undefined;
    const { resolution } = loaded.config;
    const model = nameOfModel(loaded);
    return await paintAmongWorkers(options, { ...options, predictor, model, running, findFaces, resolution });
  } finally {
    await running.close();
  }
}

/** Makes this process's share of the pictures, and learns of all others'. */
async function paintAmongWorkers(
  { jobs, out, reporter, signal }: PictureOptions,
  paintOptions: PaintOptions,
): Promise<string[]> {
  const cluster = currentCluster();
  const own = [...jobs.entries()].filter(([i]) => !cluster || i % cluster.addresses.length === cluster.rank);
  const outcomes = await paintJobs(own, jobs.length, { out, reporter, signal }, paintOptions);
  // Others would wait for a worker that ends early, or take its pictures for made.
  if (cluster) signal?.throwIfAborted();
  const all = (await exchange(outcomes)).flat();
  if (all.some(({ failure }) => failure)) await leave();
  return filesOf(all, jobs.length);
}
