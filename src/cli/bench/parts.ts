/** Speed of what surrounds a training step: sketch degradation, the loader, preparation and the built-in faces. */
import type { DpsConfig } from '../../config/methods/dps.ts';
import { detectEdges } from '../../data/edges/detect.ts';
import { loadHead } from '../../data/faces/head-load.ts';
import { faceSeed } from '../../data/faces/messages.ts';
import { renderFace } from '../../data/faces/render.ts';
import { PairLoader } from '../../data/loader.ts';
import { makeHolePool } from '../../data/masks/pool.ts';
import { prepare } from '../../data/prepare.ts';
import { drawDegradation, trainingPyramid } from '../../data/sketch/pyramid.ts';
import { faceAssets } from '../../data/sources/open-source.ts';
import { loadHed } from '../../nn/hed.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { stream } from '../../runtime/seed.ts';
import { tf } from '../../runtime/tf.ts';
import type { Finding } from './finding.ts';
import { hedOperations, matrixPeak } from './operations.ts';
import { medianAndQuartiles } from './statistics.ts';
import { makeUpBatch } from './work/made-up.ts';
import { measured } from './work/measured.ts';
import { trainingWork } from './work/train.ts';

export interface PartOptions {
  readonly config: DpsConfig;
  readonly level: number;
  readonly batch: number;
  readonly runs: number;
  readonly reporter: Reporter;
}

/** Holes in the pool that masks are drawn from; drawing one costs the same from a larger pool. */
const HOLE_POOL = 64;
/** Samples that the loader goes through. */
const LOADED_SAMPLES = 32;

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
  const { model, refinement, resolution } = config;
  const pool = makeHolePool(config.data.holes, resolution, HOLE_POOL, stream(1, 'bench holes'));
  const batch = makeUpBatch(config, count);
  const random = stream(1, 'bench degradation');
  const { levels } = model;
  const settings = { refinement: 0.5, maxDilation: refinement.maxDilation, level, levels };
  const alone = await times(() => {
    pool.sample(count, random);
    tf.tidy(() => {
      const pyramid = trainingPyramid(batch, drawDegradation(count, resolution, random), settings);
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
  const { samples } = await prepare({ config: withFaces(config, LOADED_SAMPLES), reporter });
  const loader = new PairLoader({
    name: 'bench',
    samples: [...samples.train, ...samples.validation, ...samples.test],
    resolution: config.resolution,
    batch,
    seed: 1,
    ahead: config.data.ahead,
    reporter,
  });
  // One that is given out may have been decoded before; a queue's length of them takes what a queue takes.
  const seconds = await times(async () => {
    for (let i = 0; i < config.data.ahead; i++) await loader.next();
  }, runs);
  await loader.close();
  const work = await trainingWork(config, level, batch);
  const step = medianAndQuartiles(await times(work.iterate, Math.min(runs, 5)));
  const decoded = medianAndQuartiles(seconds.map((time) => (batch * config.data.ahead) / time));
  const consumed = batch / step.value;
  return [
    { label: `pairs of ${config.resolution} px decoded`, ...decoded, unit: '1/s' },
    { label: 'images that training takes', value: consumed, unit: '1/s' },
    { label: 'times as many', value: decoded.value / consumed, unit: '', atLeast: 10 },
  ];
}

/** HED's floating-point operations a second, and a large matrix product's. */
export async function measurePreparation({ config, runs }: PartOptions): Promise<Finding[]> {
  const { size, padding } = config.data.edges;
  const hed = await loadHed();
  const image = makeUpBatch(config, 1, size);
  const bytes = Uint8Array.from(image.image.dataSync(), (value) => 127.5 * (value + 1));
  const seconds = await times(async () => void (await detectEdges(hed, [bytes], size, padding)), runs);
  hed.dispose();
  const operations = hedOperations(size + 2 * padding);
  const rate = medianAndQuartiles(seconds.map((time) => operations / time / 1e9));
  const peak = medianAndQuartiles(await matrixPeak(runs));
  return [
    { label: `HED of an image of ${size} px and its border`, value: operations / 1e9, unit: 'GFLOP' },
    { label: 'images', value: (rate.value * 1e9) / operations, unit: '1/s' },
    { label: 'HED', ...rate, unit: 'GFLOP/s' },
    { label: 'large matrix product', ...peak, unit: 'GFLOP/s' },
    { label: 'share of it', value: (100 * rate.value) / peak.value, unit: '%', atLeast: 60 },
  ];
}

/** Built-in faces on one core. */
export async function measureFaces({ config, runs }: PartOptions): Promise<Finding[]> {
  const head = await loadHead({ assetsDir: faceAssets, cacheDir: config.data.cache });
  let face = 0;
  const seconds = await times(() => void renderFace(head, faceSeed(1, face++), config.resolution), runs);
  return [
    {
      label: `face of ${config.resolution} px, one core`,
      ...medianAndQuartiles(seconds),
      unit: 's',
      atMost: 0.15,
    },
  ];
}

/** The same config on so many built-in faces. */
export function withFaces(config: DpsConfig, count: number): DpsConfig {
  return { ...config, data: { ...config.data, source: { kind: 'faces', count, seed: 1 } } };
}
