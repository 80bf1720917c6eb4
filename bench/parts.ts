/** Speed of what surrounds a training step: sketch degradation, the loader, preparation and the built-in faces. */
import { detectEdges } from '../src/data/detect-edges.ts';
import { makeHolePool } from '../src/data/holes.ts';
import { faceAssets } from '../src/data/sources.ts';
import { faceSeed } from '../src/faces/cache.ts';
import { renderFace } from '../src/faces/faces.ts';
import { loadHead } from '../src/faces/load-head.ts';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { degradationTensors, drawDegradation, trainingPyramid } from '../src/models/dps/sketch.ts';
import { loadHed } from '../src/nn/hed.ts';
import { tf } from '../src/ops/tf.ts';
import type { Reporter } from '../src/runtime/progress.ts';
import { stream } from '../src/runtime/seed.ts';
import { countOperations } from './operations.ts';
import type { Peak } from './peak.ts';
import type { Finding } from './report.ts';
import { medianAndQuartiles } from './statistics.ts';
import { loaderWork, makeUpBatch, measured, trainingWork } from './works.ts';

export interface PartOptions {
  readonly config: DpsConfig;
  readonly level: number;
  readonly batch: number;
  readonly runs: number;
  readonly reporter: Reporter;
  /** GFLOP/s of this machine at best; measured when first asked for. */
  readonly peak: () => Promise<Peak>;
}

/** Holes in the pool that masks are drawn from; drawing one costs the same from a larger pool. */
const HOLE_POOL = 64;
const FACES_TO_WARM_UP = 8;

/** Seconds of each of so many iterations, after one to warm up. */
async function times(iterate: () => Promise<void> | void, runs: number): Promise<number[]> {
  await iterate();
  const seconds: number[] = [];
  for (let i = 0; i < runs; i++) seconds.push((await measured({ iterate })).seconds);
  return seconds;
}

/** Sketch degradation, the pyramid of all levels and the drawing of hole masks, as a share of the whole step. */
export async function measureDegradation(options: PartOptions): Promise<Finding[]> {
  const { config, level, batch: count, runs } = options;
  const { model, resolution } = config;
  const { maxDilation } = config.refinement;
  const pool = makeHolePool(config.data.holes, resolution, HOLE_POOL, stream(1, 'bench holes'));
  const batch = makeUpBatch(config, count);
  const random = stream(1, 'bench degradation');
  const { levels } = model;
  const alone = await times(() => {
    pool.sample(count, random);
    tf.tidy(() => {
      const drawn = drawDegradation(count, resolution, random);
      const degradation = degradationTensors(drawn, { l: 0.5, maxDilation, size: resolution });
      const pyramid = trainingPyramid(batch, degradation, { maxDilation, level, levels });
      // Reading waits for a device that computes on its own time.
      pyramid.at(-1)!.roughSketch.dataSync();
    });
  }, runs);
  const work = await trainingWork(config, level, count);
  const step = await times(work.iterate, runs);
  const part = medianAndQuartiles(alone);
  const whole = medianAndQuartiles(step);
  return [
    { label: 'degradation and masks', ...part, unit: 's' },
    { label: 'training step', ...whole, unit: 's' },
    { label: 'share of the step', value: (100 * part.value) / whole.value, unit: '%', atMost: 3 },
  ];
}

/** Prepared pairs decoded a second, and how many training takes meanwhile. */
export async function measureLoader(options: PartOptions): Promise<Finding[]> {
  const { config, level, batch, runs, reporter } = options;
  const loading = await loaderWork(config, { batch }, reporter);
  const seconds = await times(loading.iterate, runs);
  await loading.end?.();
  const work = await trainingWork(config, level, batch);
  const step = medianAndQuartiles(await times(work.iterate, Math.min(runs, 5)));
  const decoded = medianAndQuartiles(seconds.map((time) => loading.images / time));
  const consumed = batch / step.value;
  return [
    { label: `pairs of ${config.resolution} px decoded`, ...decoded, unit: '1/s' },
    { label: 'images that training takes', value: consumed, unit: '1/s' },
    { label: 'times as many', value: decoded.value / consumed, unit: '', atLeast: 10 },
  ];
}

/** HED's floating-point operations a second, and the most that this machine reaches. */
export async function measurePreparation({ config, runs, peak }: PartOptions): Promise<Finding[]> {
  const { size, padding } = config.data.edges;
  const hed = await loadHed();
  const { image } = makeUpBatch(config, 1, size);
  const bytes = Uint8Array.from(image.dataSync(), (value) => 127.5 * (value + 1));
  const iterate = async () => void (await detectEdges(hed, [bytes], size, padding));
  const operations = await countOperations({ iterate });
  const seconds = await times(iterate, runs);
  hed.dispose();
  const rate = medianAndQuartiles(seconds.map((time) => operations / time / 1e9));
  const most = await peak();
  return [
    { label: `HED of an image of ${size} px and its border`, value: operations / 1e9, unit: 'GFLOP' },
    { label: 'images', value: (rate.value * 1e9) / operations, unit: '1/s' },
    { label: 'HED', ...rate, unit: 'GFLOP/s' },
    { label: `peak (${most.way})`, ...most, unit: 'GFLOP/s' },
    { label: 'share of it', value: (100 * rate.value) / most.value, unit: '%', atLeast: 60 },
  ];
}

/** Built-in faces, in the CPU time that all threads spend on one. */
export async function measureFaces({ config, runs }: PartOptions): Promise<Finding[]> {
  const head = await loadHead({ assetsDir: faceAssets, cacheDir: config.data.cache });
  let face = 0;
  const iterate = () => void renderFace(head, faceSeed(1, face++), config.resolution);
  // No two faces are alike: it takes several until every part of the code has been compiled.
  for (let i = 0; i < FACES_TO_WARM_UP; i++) iterate();
  const seconds: number[] = [];
  for (let i = 0; i < runs; i++) seconds.push((await measured({ iterate })).cpuSeconds);
  const label = `face of ${config.resolution} px, CPU time`;
  return [{ label, ...medianAndQuartiles(seconds), unit: 's', atMost: 0.15 }];
}
