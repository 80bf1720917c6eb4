/**
 * The one definition of a run's configuration: keys, defaults, bounds and their documentation. The TypeScript
 * types, the error messages and the JSON Schema for editors all come from here.
 */
import { z } from 'zod';
import { dataSchema } from './data-schema.ts';

const count = () => z.int().min(1);
const steps = () => z.int().min(1).max(100_000_000);
const length = () => z.int().min(0).max(100_000_000);

/** A length of training: in passes over the training split, or in optimiser steps. */
const duration = z
  .union([
    z.strictObject({ epochs: length().describe('Passes over the training split.') }),
    z.strictObject({ steps: length().describe('Optimiser steps.') }),
  ])
  .describe('A length of training: {epochs: N} or {steps: N}; 0 leaves the stage out.');

const model = z.strictObject({
  levels: z
    .int()
    .min(1)
    .max(3)
    .default(3)
    .describe(
      'Resolutions of the progressive generator; each level doubles the last, the top one is `resolution`.',
    ),
  width: z
    .int()
    .min(1)
    .max(512)
    .default(64)
    .describe('Channels of the first layer of the refinement generator G.'),
  residualBlocks: z.int().min(0).max(16).default(3).describe('Residual blocks of each level of G.'),
  discriminatorWidth: z
    .int()
    .min(1)
    .max(512)
    .default(64)
    .describe('Channels of the first layer of each discriminator D.'),
  discriminatorLayers: z
    .int()
    .min(1)
    .max(6)
    .default(3)
    .describe('Stride-2 layers of the first level’s D; each further level has one more.'),
  imageGenerator: z
    .strictObject({
      width: z.int().min(1).max(512).default(64).describe('Channels of the first layer of F.'),
      norm: z
        .enum(['batch', 'instance', 'none'])
        .default('batch')
        .describe(
          'Normalisation in F. The released synthesis F has none, the editing F batch normalisation.',
        ),
      discriminatorLayers: z
        .int()
        .min(1)
        .max(6)
        .default(5)
        .describe('Stride-2 layers of F’s own discriminator.'),
      level: z
        .int()
        .min(1)
        .max(3)
        .optional()
        .describe(
          'Level at whose resolution F works and joins G’s loss (the original’s use_F_level). Default: the top.',
        ),
      inLoop: z.boolean().default(true).describe('Whether G is also judged by F’s result at that level.'),
      evalNormInLoop: z
        .boolean()
        .default(false)
        .describe(
          'Use F’s running statistics while G trains. The original, forgetting eval(), uses the batch’s.',
        ),
    })
    .prefault({})
    .describe('The image generator F: pix2pix, trained first, then frozen.'),
});

const loss = z
  .strictObject({
    hingeMargin: z.number().gt(0).default(10).describe('Margin of the hinge adversarial loss.'),
    adversarial: z.number().min(0).default(1).describe('Weight of the adversarial loss.'),
    reconstruction: z.number().min(0).default(100).describe('Weight of the L1 loss.'),
    perceptual: z
      .strictObject({
        network: z
          .enum(['hed-vgg16', 'vgg19'])
          .default('hed-vgg16')
          .describe(
            'Features to compare: HED’s VGG16 trunk, which installs by itself, or the paper’s VGG19 from your file.',
          ),
        weights: z
          .string()
          .optional()
          .describe(
            'File with torchvision’s VGG19 weights as safetensors (keys features.N.weight, .bias); for vgg19.',
          ),
        layerWeights: z
          .tuple([z.number().min(0), z.number().min(0)])
          .default([1, 0.5])
          .describe('Weights of the mean squared differences after relu2_1 and relu3_1.'),
        normalisation: z
          .enum(['original', 'imagenet'])
          .default('original')
          .describe(
            'Input normalisation. The original applies the inverse of what [-1, 1] images need; imagenet is right.',
          ),
      })
      .prefault({}),
  })
  .prefault({});

const training = z.strictObject({
  initialWeights: z
    .string()
    .optional()
    .describe(
      'A checkpoint or run, imported ones too, whose trained networks the training begins with. Default: random weights.',
    ),
  imageGenerator: z
    .strictObject({
      duration: duration.prefault({ epochs: 50 }),
      batch: count().default(4),
      holePool: count().default(1024).describe('Hole masks made at the start, from which each batch draws.'),
    })
    .prefault({})
    .describe('First stage: F and its discriminator alone.'),
  levels: z
    .array(
      z.strictObject({
        batch: count(),
        atFullRefinement: duration.describe('First phase, with l = 1.'),
        atDrawnRefinement: duration.describe('Second phase, with l drawn per batch.'),
        holePool: count(),
      }),
    )
    .min(1)
    .max(3)
    .describe('One entry a level, lowest first.'),
  optimizer: z
    .strictObject({
      learningRate: z.number().gt(0).max(1).default(2e-4),
      beta1: z.number().min(0).lt(1).default(0.5),
      beta2: z.number().min(0).lt(1).default(0.999),
      epsilon: z.number().gt(0).default(1e-8).describe('Added after the square root.'),
    })
    .prefault({})
    .describe('Adam, one for each network.'),
  maxBadSteps: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Steps in 1,000 that may be discarded because a loss or gradient was not finite; one more ends the training.',
    ),
});

const output = z
  .strictObject({
    logEvery: steps().default(20).describe('Steps between lines of log.jsonl and TensorBoard scalars.'),
    samplesEvery: steps().default(500).describe('Steps between sample grids.'),
    sampleCount: z.int().min(1).max(32).default(6).describe('Rows of a sample grid.'),
    sampleRefinement: z
      .array(z.number().min(0).max(1))
      .min(1)
      .default([0, 0.5, 1])
      .describe('Values of l in the sample grids.'),
    checkpointMinutes: z.number().gt(0).default(15).describe('Minutes between checkpoints.'),
    keepCheckpoints: count().default(3).describe('How many of the newest checkpoints to keep.'),
    validationCount: z
      .int()
      .min(0)
      .max(1024)
      .default(16)
      .describe(
        'Validation samples measured at each checkpoint; the best of the stage is kept besides the newest. 0: none.',
      ),
    testCount: count().default(64).describe('Held-out samples in the table at the end.'),
  })
  .prefault({});

export const configSchema = z
  .strictObject({
    extends: z
      .string()
      .optional()
      .describe('Another config file (relative to this one) whose values this one overrides.'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/)
      .default('dps')
      .describe('Name of the run’s folder: lower-case letters, digits and hyphens.'),
    method: z.enum(['dps']).default('dps').describe('What is trained.'),
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
    resolution: z
      .union([z.literal(64), z.literal(128), z.literal(256)])
      .default(256)
      .describe('Side of the images, px.'),
    data: dataSchema,
    model: model.prefault({}),
    refinement: z
      .strictObject({
        maxDilation: z
          .int()
          .min(3)
          .max(63)
          .default(21)
          .describe(
            'Dilation diameter at l = 1, px; at l = 0 it is 1. The deformation is up to maxDilation - 1 px.',
          ),
      })
      .prefault({})
      .describe('How the refinement level l turns edges into rough sketches.'),
    loss,
    training,
    output,
  })
  .describe('Deep Plastic Surgery: configuration of a training run.');

/** A complete configuration: every default filled in. */
export type Config = z.output<typeof configSchema>;
export type SourceConfig = Config['data']['source'];
