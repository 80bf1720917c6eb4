/**
 * What the configurations of all methods have in common: the keys that every one has, and parts that several have. All
 * but a method itself knows a configuration as a {@link RunConfig}.
 */
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import type { Locate } from './explain.ts';

const limit = z.int().min(1).optional().describe('Use only the first N images in order of their paths.');

/** The keys of a source by its kind. */
const faces = {
  kind: z.literal('faces').describe('The built-in set: rendered faces, made once and cached.'),
  count: z.int().min(10).max(1_000_000).default(2000).describe('How many faces to render.'),
  seed: z.int().min(0).default(1).describe('Seed of the set: another seed, other people.'),
};
const folder = {
  kind: z.literal('folder').describe('Any tree of JPEG, PNG, WebP, AVIF, GIF or TIFF images.'),
  path: z.string().min(1).describe('Folder; relative paths start at the working directory.'),
  crop: z
    .enum(['centre', 'face'])
    .default('centre')
    .describe(
      'What to cut from each photo: its central square, or the largest face, framed as in CelebA-HQ.',
    ),
  limit,
};
const celebaHq = {
  kind: z
    .literal('celeba-hq')
    .describe('CelebA-HQ in a form in which people have it; the form is recognised.'),
  path: z
    .string()
    .min(1)
    .describe(
      "CelebAMask-HQ's folder, a folder of square images, or of pairs side by side (photo | sketch).",
    ),
  sketchFirst: z.boolean().default(false).describe('Pairs are sketch | photo.'),
  limit,
};

const tar = {
  kind: z
    .literal('tar')
    .describe('Tar files of JPEG, PNG, WebP, AVIF, GIF or TIFF images, such as WebDataset’s; read in place.'),
  path: z
    .string()
    .min(1)
    .describe('A tar file, a folder of *.tar, or a pattern with ranges: `shards-{000..031}.tar`.'),
  crop: folder.crop,
  limit,
};

/** What a source has besides where it is one of several. @param kind its name by default. */
const mixing = (kind: string) => ({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,99}$/)
    .default(kind)
    .describe(
      'In a list of sources: what ids of its samples begin with, for good. Default: its kind, which then no other may have.',
    ),
  weight: z
    .number()
    .gt(0)
    .max(1e6)
    .default(1)
    .describe(
      'In a list of sources: how often its samples are drawn, in proportion to the other weights; 1 by default.',
    ),
});

const oneSource = z.discriminatedUnion('kind', [
  z.strictObject(faces),
  z.strictObject(folder),
  z.strictObject(celebaHq),
  z.strictObject(tar),
]);
const mixedSource = z.discriminatedUnion('kind', [
  z.strictObject({ ...faces, ...mixing('faces') }),
  z.strictObject({ ...folder, ...mixing('folder') }),
  z.strictObject({ ...celebaHq, ...mixing('celeba-hq') }),
  z.strictObject({ ...tar, ...mixing('tar') }),
]);
const source = z
  .union([oneSource, z.array(mixedSource).min(1)])
  .describe('Where photos come from: a source, or a list of sources whose samples are mixed.');

/** Shapes of random holes. */
export const holeKinds = ['rectangle', 'free-form', 'box', 'thin', 'medium', 'thick'] as const;
export type HoleKind = (typeof holeKinds)[number];

const holes = z
  .strictObject({
    kinds: z
      .array(z.enum(holeKinds))
      .min(1)
      .default(['rectangle'])
      .describe(
        'Shapes of the random hole masks: rotated rectangles (the original), free-form strokes, upright boxes, and the thin, medium and thick strokes of LaMa’s evaluation.',
      ),
  })
  .prefault({})
  .describe('Holes of photos, in editing.');

const others = z
  .enum(['refuse', 'alone'])
  .default('refuse')
  .describe('Samples of which no group is known: refuse is an error, alone makes each a group of its own.');

const groups = z
  .union([
    z.strictObject({
      file: z
        .string()
        .min(1)
        .describe('A CSV file with the columns `id` (or `file`), the sample’s id, and `group`.'),
      column: z.string().min(1).default('group').describe('Another name of the column of groups.'),
      others,
    }),
    z.strictObject({
      pattern: z
        .string()
        .min(1)
        .describe(
          'In place of a file: a regular expression on the sample’s id, whose parentheses hold the group, such as `^([^/]+)/`.',
        ),
      others,
    }),
  ])
  .describe('Samples that belong together, such as photos of one person: a group is in one split only.');

/** The most by which a sample is changed at random. @param what completes `Photos are`. */
const bound = (highest: number, what: string) => z.number().min(0).max(highest).default(0).describe(what);

const augment = z
  .strictObject({
    mirror: z
      .union([z.boolean(), z.number().min(0).max(1)])
      .default(false)
      .describe(
        'How probably a sample is mirrored left to right, its sketch and its hole with it; true is 0.5.',
      ),
    brightness: bound(0.5, 'Photos are made lighter or darker by at most this share of the range of values.'),
    contrast: bound(0.9, 'Distances to middle grey grow or shrink by at most this share.'),
    saturation: bound(1, 'Distances of colours to their grey grow or shrink by at most this share.'),
    scale: bound(0.3, 'Photo and sketch grow or shrink by at most this share, about the centre.'),
    shift: bound(0.25, 'Photo and sketch move in x and in y by at most this share of the side.'),
  })
  .prefault({})
  .describe(
    'Random changes of training samples, never of held-out ones; drawn from the seed, anew in each epoch. Beyond the border photo and sketch are mirrored.',
  );

const data = z
  .strictObject({
    source,
    exclude: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A text file with the id of a sample a line: photos that are left out, as if they were not there. Default: none.',
      ),
    cache: z.string().min(1).default('cache').describe('Folder for rendered faces, crops and edge maps.'),
    split: z
      .strictObject({
        validation: z.number().min(0).max(0.5).default(0.02).describe('Share of samples for validation.'),
        test: z
          .number()
          .min(0)
          .max(0.5)
          .default(0.05)
          .describe('Share of samples held out for the final table.'),
        groups: groups.optional(),
      })
      .prefault({})
      .describe(
        'Samples are split by a hash of their id or group, so adding files moves none between splits.',
      ),
    edges: z
      .strictObject({
        threshold: z
          .number()
          .gt(0)
          .lt(1)
          .default(25 / 255)
          .describe('Edge probability above which a pixel can be a line.'),
        minimumSize: z.int().min(0).default(5).describe('Connected lines of fewer pixels are removed.'),
        size: z
          .int()
          .min(64)
          .max(1024)
          .default(256)
          .describe(
            'Side at which HED sees the photo, px; its edge map is then resized to `resolution`. Much below 192 eyes and mouths are lost.',
          ),
        padding: z
          .int()
          .min(0)
          .max(512)
          .default(128)
          .describe(
            'Reflection padding around the photo for HED, px (of `size`). 16 gives nearly the same lines, faster.',
          ),
      })
      .prefault({})
      .describe('Sketches: HED edge maps, thinned to lines of one pixel.'),
    holes,
    augment,
    ahead: z.int().min(1).max(64).default(4).describe('Batches kept decoded ahead of training.'),
  })
  .describe('Photos, and the sketches and holes that are made of them.');

/** A source; one of several has a name and a weight. */
export type SourceConfig = z.output<typeof oneSource> | z.output<typeof mixedSource>;

const count = () => z.int().min(1);
const steps = () => z.int().min(1).max(100_000_000);
const length = () => z.int().min(0).max(100_000_000);

const minutes = z
  .number()
  .gt(0)
  .optional()
  .describe('Ends the stage before that, when it has taken so long, all that happens in it counted.');

/** A length of training: in passes over the training split, or in optimiser steps. */
export const duration = z
  .union([
    z.strictObject({ epochs: length().describe('Passes over the training split.'), minutes }),
    z.strictObject({ steps: length().describe('Optimiser steps.'), minutes }),
  ])
  .describe(
    'A length of training: {epochs: N} or {steps: N}; 0 leaves the stage out. With `minutes: M` it ends at the latest when it has taken so long.',
  );

/** The weight of a loss. @param what completes `Weight of`. */
export const weight = (value: number, what: string) =>
  z.number().min(0).default(value).describe(`Weight of ${what}.`);

/** Adam. @param learningRate by default. @param beta1 by default. */
export const optimizer = (learningRate = 2e-4, beta1 = 0.5) =>
  z
    .strictObject({
      learningRate: z.number().gt(0).max(1).default(learningRate).describe('Its step size.'),
      schedule: z
        .strictObject({
          kind: z
            .enum(['constant', 'linear', 'cosine'])
            .default('constant')
            .describe('Whether it stays, or falls to 0 at the stage’s end in a line or half a cosine.'),
          decayFrom: z
            .number()
            .min(0)
            .max(1)
            .optional()
            .describe(
              'The share of a stage’s steps after which it falls. Default: 0.5 for linear, as in CycleGAN, and 0 for cosine.',
            ),
          warmUpSteps: length()
            .default(0)
            .describe('First steps of a stage, in which it rises in a line to its full size.'),
        })
        .prefault({})
        .describe('How the learning rate changes over the steps of each stage.'),
      clipNorm: z
        .number()
        .gt(0)
        .optional()
        .describe(
          'Longest gradient, all weights of a network together; longer ones are shortened to it. Default: as they are.',
        ),
      beta1: z.number().min(0).lt(1).default(beta1).describe('Decay of the mean of the gradients.'),
      beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the mean of their squares.'),
      epsilon: z.number().gt(0).default(1e-8).describe('Added after the square root.'),
    })
    .prefault({})
    .describe('Adam, one for each network.');

export type OptimizerConfig = z.output<ReturnType<typeof optimizer>>;

/** `task` of methods that fill holes. */
export const editOnly = z.literal('edit').default('edit').describe('It fills a hole of a photo.');

/** Side of the images of methods whose networks take any that they can halve often enough. */
export const resolution = z
  .int()
  .min(32)
  .max(512)
  .default(256)
  .describe('Side of the images, px; a multiple of what the networks halve it by.');

/** Throws a UserError when the resolution is no multiple of `factor`. @param why the networks need it, in words. */
export function requireMultiple(resolution: number, factor: number, why: string, locate: Locate): void {
  if (resolution % factor === 0) return;
  throw new UserError('The networks do not fit this resolution.', {
    where: locate(['resolution']),
    expected: `a multiple of ${factor} px: ${why}`,
    got: `${resolution} px`,
  });
}

export const batch = () =>
  count().describe('Samples at once; of one step, unless `accumulate` says otherwise.');
export const accumulate = () =>
  count()
    .default(1)
    .describe(
      'So many batches make one step, whose gradients are their mean: a larger batch in the same memory.',
    );
export const holePool = () => count().describe('Hole masks made at the start, from which each batch draws.');

/** Keys of a stage of training; its length and batch by default. */
export const stageShape = (length: z.input<typeof duration>, batchSize: number) => ({
  duration: duration.prefault(length),
  batch: batch().default(batchSize),
  accumulate: accumulate(),
  holePool: holePool().default(1024),
});

/** Keys of `training` that every method has. */
export const trainingShape = {
  ema: z
    .strictObject({
      decay: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.999)
        .describe(
          'What the average keeps of itself at each step; at the n-th step at most (1 + n)/(10 + n), so that it follows fast at first.',
        ),
    })
    .optional()
    .describe(
      'Keeps an exponential moving average of the generators’ weights, which is what samples, validation, results and exports are made with. Default: none.',
    ),
  initialWeights: z
    .string()
    .optional()
    .describe(
      'A checkpoint or run, imported ones too, whose trained networks the training begins with. Default: random weights.',
    ),
  earlyStopping: z
    .strictObject({
      everySteps: steps()
        .default(1000)
        .describe(
          'Steps of a stage between measurements of the validation samples, and checkpoints with them.',
        ),
      patience: count()
        .default(10)
        .describe('Measurements in a row that are no better than the best one before the stage ends.'),
    })
    .optional()
    .describe(
      'Ends a stage when its validation samples, measured by output.bestBy, get no better. Default: stages have their lengths.',
    ),
  maxBadSteps: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Steps in 1,000 that may be discarded because a loss or gradient was not finite; one more ends the training.',
    ),
};

const output = z
  .strictObject({
    logEvery: steps().default(20).describe('Steps between lines of log.jsonl and TensorBoard scalars.'),
    samplesEvery: steps().default(500).describe('Steps between sample grids.'),
    sampleCount: z.int().min(1).max(32).default(6).describe('Rows of a sample grid.'),
    sampleRefinement: z
      .array(z.number().min(0).max(1))
      .min(1)
      .default([0, 0.5, 1])
      .describe('Values of l in the sample grids, where the method has one.'),
    checkpointMinutes: z
      .number()
      .gt(0)
      .optional()
      .describe(
        'Minutes between checkpoints. Default: one, or so many that checkpoints take 1 % of the time; one in 15 minutes is measured and kept.',
      ),
    keepCheckpoints: count()
      .default(3)
      .describe('How many of the newest checkpoints to keep, of those that are made to be kept.'),
    validationCount: z
      .int()
      .min(0)
      .max(1024)
      .default(16)
      .describe(
        'Validation samples measured at each checkpoint that is made to be kept; the best of the stage is kept besides the newest. 0: none.',
      ),
    validationMetrics: z
      .array(z.string())
      .default(['l1', 'psnr'])
      .describe('What is measured of them, for the log and TensorBoard; docs/metrics.md lists the metrics.'),
    bestBy: z
      .strictObject({
        metric: z.string().default('l1').describe('Name of a metric.'),
        region: z
          .enum(['hole', 'image'])
          .default('hole')
          .describe('Inside the hole, or the whole image; metrics of sets have the image only.'),
      })
      .prefault({})
      .describe('What tells the best checkpoint of a stage.'),
    mlflow: z
      .strictObject({
        url: z
          .string()
          .regex(/^https?:\/\/[^@\s]+$/)
          .optional()
          .describe(
            'Address of its tracking server, such as http://localhost:5000, without user or token, which are in the environment. Default: MLFLOW_TRACKING_URI.',
          ),
        experiment: z
          .string()
          .min(1)
          .optional()
          .describe('Name of the experiment. Default: MLFLOW_EXPERIMENT_NAME, or else deep-plastic-surgery.'),
      })
      .optional()
      .describe(
        'MLflow as a second place for the log; {} where the environment says the rest. Default: none.',
      ),
    testCount: count().default(64).describe('Held-out samples in the table at the end.'),
  })
  .prefault({})
  .describe('What a run writes, and how often.');

const runtime = z
  .strictObject({
    compile: z
      .union([z.boolean(), z.literal('xla')])
      .default(true)
      .describe(
        'true: a training step is one TensorFlow function, recorded at its first batch. false: operation by operation, for debugging. xla: the function is compiled by XLA, which takes minutes at the start and pays on some GPUs.',
      ),
    precision: z
      .enum(['float32', 'bfloat16'])
      .default('float32')
      .describe(
        'Of training steps. bfloat16: convolutions and products of matrices, and what lies between them, in numbers of 16 bits, which takes about two thirds of the time on a CPU that has avx512_bf16 or amx_bf16; weights, optimisers, losses and statistics stay float32. Results differ a little: see docs/speed.md.',
      ),
    deterministic: z
      .boolean()
      .default(true)
      .describe(
        'On a GPU: the same seed gives the same bytes. Training can be several times slower for it. On a CPU it always does.',
      ),
    peakFlops: z
      .number()
      .gt(0)
      .optional()
      .describe(
        'Floating-point operations a second that the device does at most, with which `mfu` in the log is computed, such as 67e12. Default: measured once, see docs/training.md.',
      ),
  })
  .prefault({})
  .describe(
    'How the computation is carried out. But for `precision`, changes no more than the last digits of its results.',
  );

/** The top-level keys that every method has. @param method its name, which runs have by default. @param title for people. */
export const commonShape = <Name extends string>(method: Name, title: string) => ({
  extends: z
    .string()
    .optional()
    .describe('Another config file (relative to this one) whose values this one overrides.'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,99}$/)
    .default(method as string)
    .describe('Name of the run’s folder: lower-case letters, digits and hyphens.'),
  task: z
    .enum(['edit', 'synthesis'])
    .default('edit')
    .describe('edit: fill a hole of a photo from a sketch. synthesis: a whole image from a sketch alone.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('All randomness of the run derives from it.'),
  data,
  output,
  runtime,
  method: z.literal(method).describe(title),
});

/** A complete configuration, every default filled in, as all but its method know it. */
export type RunConfig = z.output<z.ZodObject<ReturnType<typeof commonShape<string>>>> & {
  /** Side of the images, px. */
  resolution: number;
  training: z.output<z.ZodObject<typeof trainingShape>>;
  /** What only the method understands. */
  [own: string]: unknown;
};

/** A source, and where it stands: `data.source`, or `data.source.2` in a list. */
export interface ConfiguredSource {
  readonly source: SourceConfig;
  readonly path: readonly (string | number)[];
}

/** The sources that a configuration names. */
export function configuredSources({ source }: RunConfig['data']): ConfiguredSource[] {
  const path = ['data', 'source'];
  if (!Array.isArray(source)) return [{ source, path }];
  return source.map((one, i) => ({ source: one, path: [...path, i] }));
}
