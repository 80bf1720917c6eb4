/** What is timed: made ready once, then run again and again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfig } from '../src/config/run-config.ts';
import { toBatch } from '../src/data/batch.ts';
import { drawHole } from '../src/data/holes.ts';
import { PairLoader } from '../src/data/loader.ts';
import { prepare } from '../src/data/prepare.ts';
import { faceAssets } from '../src/data/sources.ts';
import type { Batch } from '../src/data/types.ts';
import { renderFaces } from '../src/faces/cache.ts';
import { runByOnnxruntime } from '../src/infer/run-onnx.ts';
import { predictionModel } from '../src/infer/run-predictor.ts';
import type { DpsConfig } from '../src/models/dps/config.ts';
import { readConfig } from '../src/models/read-config.ts';
import { createMethod } from '../src/models/registry.ts';
import { type Tensor, tf } from '../src/ops/tf.ts';
import { UserError } from '../src/runtime/errors.ts';
import { type Reporter, silent } from '../src/runtime/progress.ts';
import { stream } from '../src/runtime/seed.ts';
import { Stepper } from '../src/train/stepper.ts';

export interface Work {
  /** One iteration; its result has been computed when it ends. */
  iterate(): Promise<void> | void;
  /** Images that an iteration deals with. */
  readonly images: number;
  /** Gives back what the work holds outside of memory. */
  end?(): Promise<void>;
}

/** How long an iteration took, and the CPU time of all threads meanwhile. */
export interface Duration {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** One iteration, timed. */
export async function measured({ iterate }: Pick<Work, 'iterate'>): Promise<Duration> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await iterate();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Sides of the images that F can make, px. */
const IMAGE_GENERATOR_SIDES: readonly number[] = [64, 128, 256];

/**
 * A config's networks at their widths, without its data: batches are made up, or come from the built-in faces. The
 * perceptual network that installs has the shape of VGG19's first layers, which cost the same. F judges the results of
 * `level`, where it can.
 *
 * @throws UserError when the config is of another method than Deep Plastic Surgery.
 */
export function benchConfig(file: string, sets: readonly string[], level?: number): DpsConfig {
  const read = (...more: string[]) => requireDps(file, [...more, ...sets]);
  requireDps(file, sets);
  const standIns = ['data.source={kind: faces}', 'loss.perceptual.network=hed-vgg16'];
  const config = read(...standIns);
  const side = level && config.resolution / 2 ** (config.model.levels - level);
  return side && IMAGE_GENERATOR_SIDES.includes(side)
    ? read(...standIns, `model.imageGenerator.level=${level}`)
    : config;
}

function requireDps(file: string, sets: readonly string[]): DpsConfig {
  const { config } = readConfig(file, sets);
  if (config.method === 'dps') return config as DpsConfig;
  throw new UserError('The benchmarks are of Deep Plastic Surgery alone.', {
    where: file,
    expected: 'method: dps',
    got: `method: ${config.method}`,
  });
}

/** The same config on so many built-in faces. */
export function withFaces(config: DpsConfig, count: number): DpsConfig {
  return { ...config, data: { ...config.data, source: { kind: 'faces', count, seed: 1 } } };
}

/** Rows of a made-up sketch that are lines: one in so many. */
const ROWS_PER_LINE = 21;

/**
 * A batch of noise, straight lines and holes of the config's kind, n px a side: it costs nothing to get, and timings do
 * not depend on what is in it. The caller disposes of it.
 */
export function makeUpBatch(config: RunConfig, count: number, n: number = config.resolution): Batch {
  const random = stream(1, 'made-up batch');
  const images = Uint8Array.from({ length: count * n * n * 3 }, () => random.integer(0, 256));
  const sketches = Uint8Array.from({ length: count * n * n }, (_, i) =>
    Math.floor(i / n) % ROWS_PER_LINE === 0 ? 0 : 255,
  );
  const holes = new Float32Array(count * n * n);
  for (let i = 0; i < count; i++) holes.set(drawHole(config.data.holes, n, random), i * n * n);
  return toBatch({ ids: Array(count).fill(''), resolution: n, images, sketches }, holes);
}

/** What is timed is what was asked for: a step that cannot be compiled is an error here. */
const strict: Reporter = {
  ...silent,
  warn(message) {
    throw new Error(message);
  },
};

/**
 * Training steps on a batch at the config's resolution, with degradation and the guard's read-back; compiled or call by
 * call, as the config says.
 *
 * @param level 0 is F; 1 is the lowest, and l is drawn for each batch.
 */
export async function trainingWork(config: RunConfig, level: number, count: number): Promise<Work> {
  const method = createMethod(config);
  await method.prepareTraining(silent);
  // F's stage comes first, and each level has one at l = 1 before the one at any l.
  const stage = method.stages[2 * level];
  const { compile, precision } = config.runtime;
  const options = { stage: stage.name, compile, precision, reporter: strict };
  const stepper = new Stepper(method.begin(stage), options);
  const step = { batch: makeUpBatch(config, count), sampleIds: [] };
  const iterate = () => {
    stepper.run(step);
    for (const { kept } of stepper.settle())
      if (!kept) throw new Error(`${stage.name}: the losses are not finite.`);
  };
  return { images: count, iterate };
}

/** The whole pipeline, from photo, hole and sketch to the pixels of the result. */
export function inferenceWork(config: RunConfig, count: number): Work {
  const predictor = createMethod(config).predictor();
  const batch = makeUpBatch(config, count);
  const iterate = () => {
    const prediction = predictor.predict({ ...batch, l: 0.5 });
    prediction.result.dataSync();
    tf.dispose({ ...prediction });
  };
  return { images: count, iterate };
}

/** The same for one picture, prepared as the program does it where many are to be made. */
export async function preparedInferenceWork(config: RunConfig): Promise<Work> {
  const method = createMethod(config);
  const running = await runByOnnxruntime(await predictionModel({ method, config }), config.resolution);
  method.dispose();
  const batch = makeUpBatch(config, 1);
  const [image, hole, sketch] = [batch.image, batch.hole, batch.sketch].map(
    (tensor) => tensor.dataSync() as Float32Array,
  );
  const iterate = async () => {
    await running.run({ image, hole, sketch }, 0.5);
  };
  return { images: 1, iterate };
}

/** Faces that are prepared; a loader of more samples reads them again and again. */
const FACES = 32;

/**
 * The loader on prepared built-in faces. An iteration takes as many batches as are decoded ahead: the first may have
 * been decoded before, but a queue's length of them takes what a queue takes.
 */
export async function loaderWork(
  config: DpsConfig,
  { batch, samples: count = FACES }: { batch: number; samples?: number },
  reporter: Reporter = silent,
): Promise<Work> {
  const { samples } = await prepare({ config: withFaces(config, FACES), reporter });
  const faces = [...samples.train, ...samples.validation, ...samples.test];
  const { ahead } = config.data;
  const loader = new PairLoader({
    name: 'bench',
    samples: Array.from({ length: count }, (_, i) => faces[i % faces.length]),
    resolution: config.resolution,
    batch,
    seed: 1,
    ahead,
    reporter,
  });
  const iterate = async () => {
    for (let i = 0; i < ahead; i++) await loader.next();
  };
  return { images: batch * ahead, iterate, end: () => loader.close() };
}

/** Preparation of so many photos, built-in faces rendered before: from reading HED's weights to the written pairs. */
export async function preparationWork(config: DpsConfig, count: number): Promise<Work> {
  const { data, resolution } = config;
  const size = Math.max(resolution, data.edges.size);
  const path = await renderFaces({ assetsDir: faceAssets, cacheDir: data.cache, count, size, seed: 1 });
  const source = { kind: 'folder', path, crop: 'centre', limit: count } as const;
  const iterate = async () => {
    // What is prepared already is not prepared again.
    const cache = await mkdtemp(join(tmpdir(), 'bench-prepare-'));
    try {
      await prepare({ config: { ...config, data: { ...data, cache, source } }, reporter: silent });
    } finally {
      await rm(cache, { recursive: true });
    }
  };
  return { images: count, iterate };
}

const product = (side: number, transposed: boolean) => (): (() => Tensor) => {
  const matrix = tf.randomUniform([side, side]);
  return () => tf.matMul(matrix, matrix, false, transposed);
};

const convolution = (count: number, side: number, channels: number) => (): (() => Tensor) => {
  const x = tf.randomUniform([count, side, side, channels]) as Parameters<typeof tf.conv2d>[0];
  const kernel = tf.randomUniform([3, 3, channels, channels]) as Parameters<typeof tf.conv2d>[1];
  return () => tf.conv2d(x, kernel, 1, 'same');
};

/** What engines are best at, by what it is called in results: the fastest of it says what the machine can do. */
export const PEAK_WAYS = {
  'product of two matrices of 1024²': product(1024, false),
  'product of a matrix of 1024² and a transposed one': product(1024, true),
  'product of two matrices of 2048²': product(2048, false),
  'product of a matrix of 2048² and a transposed one': product(2048, true),
  'product of two matrices of 8192²': product(8192, false),
  'convolution of 8 x 64 x 64 x 64': convolution(8, 64, 64),
  'convolution of 8 x 32 x 32 x 256': convolution(8, 32, 256),
} as const satisfies Record<string, () => () => Tensor>;

export type PeakWay = keyof typeof PEAK_WAYS;

/** A large product or convolution. */
export function peakWork(way: PeakWay): Work {
  const compute = PEAK_WAYS[way]();
  const iterate = () =>
    tf.tidy(() => {
      // One number to read: the device has ended by then.
      tf.slice(tf.reshape(compute(), [-1]), [0], [1]).dataSync();
    });
  return { images: 1, iterate };
}
