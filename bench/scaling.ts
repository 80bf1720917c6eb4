/** How cost grows: one thing is varied at a time, and each measurement is a process of its own. */
import { availableParallelism } from 'node:os';
import { type ConfigChoice, Contestant, type OwnAssignment } from './contestant.ts';
import type { GpuUse } from './gpu-watch.ts';
import type { Peak } from './peak.ts';
import { digits } from './report.ts';
import { type Interval, medianAndQuartiles } from './statistics.ts';

/** What is varied, over which values; the same work otherwise. */
export interface SweepPlan {
  readonly work: 'training' | 'loader' | 'preparation';
  /** What is varied, with its unit. */
  readonly axis: string;
  /** What stays as it is. */
  readonly fixed: string;
  readonly points: readonly { x: number; assignment: OwnAssignment; env?: NodeJS.ProcessEnv }[];
}

/** What one value costs. */
export interface SweepPoint {
  readonly x: number;
  /** An iteration: a training step, a queue of batches, or all images prepared. */
  readonly seconds: Interval;
  readonly imagesPerSecond: number;
  /** The most memory resident. */
  readonly peakBytes: number;
  /** Of convolutions and matrix products; 0 where there are none. */
  readonly gflops: number;
  /** Where it ran on a GPU. */
  readonly gpu?: GpuUse | undefined;
}

export interface Sweep extends Pick<SweepPlan, 'work' | 'axis' | 'fixed'> {
  readonly points: readonly SweepPoint[];
}

const BATCHES = [1, 2, 4, 8, 16];
const WIDTHS = [16, 32, 64];
/** Batch where it is not varied, and where that has to fit at the highest level too. */
const BATCH = 8;
const SMALL_BATCH = 1;
const LOADED = [32, 128, 512];
const PREPARED = [4, 8, 16];
const FEW = 8;

/** @param resolutions of the config's levels, px, lowest first. */
export function planScaling(source: ConfigChoice, resolutions: readonly number[]): SweepPlan[] {
  const cores = availableParallelism();
  const threads = [1, 2, 4, 8, 16, 32, 64].filter((count) => count <= Math.max(4, cores));
  const train = (level: number, batch: number, set: readonly string[] = []) =>
    ({ ...source, what: 'train', level, batch, set: [...source.set, ...set] }) as const;
  const load = (samples: number) => ({ ...source, what: 'loader', batch: BATCH, samples }) as const;
  const prepare = (images: number) => ({ ...source, what: 'prepare', images }) as const;
  const lowest = `${resolutions[0]} px`;
  return [
    {
      work: 'training',
      axis: 'images a batch',
      fixed: lowest,
      points: BATCHES.map((x) => ({ x, assignment: train(1, x) })),
    },
    {
      work: 'training',
      axis: 'resolution, px',
      fixed: `batch ${SMALL_BATCH}`,
      points: resolutions.map((x, index) => ({ x, assignment: train(index + 1, SMALL_BATCH) })),
    },
    {
      work: 'training',
      axis: 'width, channels',
      fixed: `${lowest}, batch ${BATCH}`,
      points: WIDTHS.map((x) => ({ x, assignment: train(1, BATCH, ofWidth(x)) })),
    },
    {
      work: 'loader',
      axis: 'threads',
      fixed: `batch ${BATCH}`,
      points: threads.map((x) => ({ x, assignment: load(LOADED[0]), env: withThreads(x) })),
    },
    {
      work: 'loader',
      axis: 'samples',
      fixed: `batch ${BATCH}`,
      points: LOADED.map((x) => ({ x, assignment: load(x) })),
    },
    {
      work: 'preparation',
      axis: 'threads',
      fixed: `${FEW} images`,
      points: threads
        .filter((count) => count <= cores)
        .map((x) => ({ x, assignment: prepare(FEW), env: withThreads(x) })),
    },
    {
      work: 'preparation',
      axis: 'images',
      fixed: 'all threads',
      points: PREPARED.map((x) => ({ x, assignment: prepare(x) })),
    },
  ];
}

/** Fills the cache, so that no measurement takes that time and memory as well. */
export async function prepareFaces(source: ConfigChoice): Promise<void> {
  await Contestant.run({ ...source, what: 'loader', batch: BATCH, samples: LOADED[0], runs: 0 });
}

/** Every network of that width. */
const ofWidth = (width: number): string[] =>
  ['width', 'discriminatorWidth', 'imageGenerator.width'].map((key) => `model.${key}=${width}`);

/** For the images that are decoded and encoded, and for TensorFlow's operations. */
const withThreads = (count: number): NodeJS.ProcessEnv => ({
  UV_THREADPOOL_SIZE: String(count),
  TF_NUM_INTRAOP_THREADS: String(count),
});

/** @param progress told how many measurements are done. */
export async function measureScaling(
  plan: readonly SweepPlan[],
  runs: number,
  progress: (done: number) => void,
): Promise<Sweep[]> {
  const sweeps: Sweep[] = [];
  let done = 0;
  for (const { points, ...about } of plan) {
    const measuredPoints: SweepPoint[] = [];
    for (const { x, assignment, env } of points) {
      measuredPoints.push(await measurePoint(x, assignment, env, runs));
      progress(++done);
    }
    sweeps.push({ ...about, points: measuredPoints });
  }
  return sweeps;
}

async function measurePoint(
  x: number,
  assignment: OwnAssignment,
  env: NodeJS.ProcessEnv | undefined,
  runs: number,
): Promise<SweepPoint> {
  const { images, operations, peakBytes, gpu, ...took } = await Contestant.run({ ...assignment, env, runs });
  const seconds = medianAndQuartiles(took.seconds);
  return {
    x,
    seconds,
    imagesPerSecond: images / seconds.value,
    peakBytes,
    gflops: operations / seconds.value / 1e9,
    gpu,
  };
}

export interface ScalingTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What an iteration of each work is. */
const ITERATION = { training: 'a step', loader: 'a queue of batches', preparation: 'all images' } as const;

/** A table for what was varied; the share of the peak says how far from the machine's limit it ran. */
export function scalingTable({ work, axis, fixed, points }: Sweep, peak: Peak): ScalingTable {
  const computes = points.some(({ gflops }) => gflops > 0);
  const onGpu = points.some(({ gpu }) => gpu !== undefined);
  const cells = ({ x, seconds, imagesPerSecond, peakBytes, gflops, gpu }: SweepPoint) => [
    String(x),
    `${digits(seconds.value)} s`,
    digits(imagesPerSecond),
    megabytes(peakBytes),
    ...(computes ? [digits(gflops), percent(gflops / peak.value)] : []),
    ...(onGpu ? [gpu ? percent(gpu.utilisation) : '', gpu ? megabytes(gpu.peakBytes) : ''] : []),
  ];
  const rates = computes ? ['GFLOP/s', 'of the peak'] : [];
  const device = onGpu ? ['GPU busy', 'GPU memory'] : [];
  return {
    title: `${work} (${fixed})`,
    head: [axis, ITERATION[work], 'images/s', 'peak memory', ...rates, ...device],
    rows: points.map(cells),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const megabytes = (bytes: number): string => `${digits(bytes / 2 ** 20)} MB`;

/** What the machine reaches at best, in a sentence. */
export const peakLine = (peak: Peak): string =>
  `Peak: ${digits(peak.value)} GFLOP/s, reached by a ${peak.way}.`;
