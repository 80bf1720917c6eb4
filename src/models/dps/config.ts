/** The configuration of Deep Plastic Surgery, and what its keys mean together. */
import { z } from 'zod';
import type { Locate } from '../../config/explain.ts';
import {
  accumulate,
  batch,
  commonShape,
  duration,
  holePool,
  optimizer,
  stageShape,
  trainingShape,
  weight,
} from '../../config/run-config.ts';
import { UserError } from '../../runtime/errors.ts';

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

/**
 * Weights of the two layers of the perceptual loss unless a configuration says others. Mean squared differences of Keras'
 * VGG19 are about 15 times as large as those of HED's trunk after relu2_1, and about 125 times after relu3_1
 * (docs/perceptual-loss.md): a layer is to have as large a part in the loss with the one network as with the other.
 */
const LAYER_WEIGHTS: Record<string, [number, number]> = {
  'hed-vgg16': [1, 0.5],
  vgg19: [1, 0.5],
  'vgg19-keras': [0.07, 0.004],
};

const perceptual = z
  .strictObject({
    network: z
      .enum(['hed-vgg16', 'vgg19', 'vgg19-keras'])
      .default('hed-vgg16')
      .describe(
        'Features to compare: HED’s VGG16 trunk, which installs by itself, the paper’s VGG19 (torchvision’s) from your file, or Keras’ VGG19 from your file.',
      ),
    weights: z
      .string()
      .optional()
      .describe(
        'File with VGG19’s weights as safetensors (keys features.N.weight, .bias), as `npm run import` makes it; for vgg19 and vgg19-keras.',
      ),
    layerWeights: z
      .tuple([z.number().min(0), z.number().min(0)])
      .optional()
      .describe(
        'Weights of the mean squared differences after relu2_1 and relu3_1. Default: [1, 0.5]; for vgg19-keras, whose features are larger, [0.07, 0.004].',
      ),
    normalisation: z
      .enum(['original', 'imagenet'])
      .default('original')
      .describe(
        'Input normalisation of vgg19. The original applies the inverse of what [-1, 1] images need; imagenet is right.',
      ),
  })
  // Last, given or not: a run that is resumed writes its configuration in the same order.
  .transform(({ layerWeights, ...given }) => ({
    ...given,
    layerWeights: layerWeights ?? LAYER_WEIGHTS[given.network],
  }))
  .prefault({})
  .describe('The perceptual loss, which compares features of a trained network.');

const loss = z
  .strictObject({
    hingeMargin: z.number().gt(0).default(10).describe('Margin of the hinge adversarial loss.'),
    adversarial: weight(1, 'the adversarial loss'),
    reconstruction: weight(100, 'the L1 loss'),
    perceptual,
  })
  .prefault({})
  .describe('The losses and their weights.');

const training = z.strictObject({
  ...trainingShape,
  imageGenerator: z
    .strictObject(stageShape({ epochs: 50 }, 4))
    .prefault({})
    .describe('First stage: F and its discriminator alone.'),
  levels: z
    .array(
      z.strictObject({
        batch: batch(),
        accumulate: accumulate(),
        atFullRefinement: duration.describe('First phase, with l = 1.'),
        atDrawnRefinement: duration.describe('Second phase, with l drawn per batch.'),
        holePool: holePool(),
      }),
    )
    .min(1)
    .max(3)
    .describe('One entry a level, lowest first.'),
  optimizer: optimizer(),
});

export const dpsSchema = z
  .strictObject({
    ...commonShape('dps', 'Deep Plastic Surgery.'),
    resolution: z
      .union([z.literal(64), z.literal(128), z.literal(256)])
      .default(256)
      .describe('Side of the images, px.'),
    model: model.prefault({}).describe('The networks.'),
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
    training: training.describe('The stages of training.'),
  })
  .describe('Deep Plastic Surgery: configuration of a training run.');

export type DpsConfig = z.output<typeof dpsSchema>;

/** Side of the images of a level (1 is the lowest), px. */
export function levelResolution(config: DpsConfig, level: number): number {
  return config.resolution / 2 ** (config.model.levels - level);
}

/** The level at whose resolution the image generator F works. */
export function imageGeneratorLevel(config: DpsConfig): number {
  return config.model.imageGenerator.level ?? config.model.levels;
}

/** Levels and sizes must fit each other. */
export function checkDps(config: DpsConfig, locate: Locate): string[] {
  const { model, training } = config;
  if (training.levels.length !== model.levels) {
    throw new UserError('The levels of training and model differ.', {
      where: locate(['training', 'levels']),
      expected: `${model.levels} entries, as model.levels says (${locate(['model', 'levels'])})`,
      got: `${training.levels.length} entries`,
    });
  }
  const lowest = levelResolution(config, 1);
  if (lowest < 16) {
    throw new UserError('The lowest level is too small for its generator.', {
      where: locate(['model', 'levels']),
      expected: 'a lowest level of at least 16 px',
      got: `${lowest} px: resolution ${config.resolution} halved ${model.levels - 1} times`,
      fix: 'raise resolution or lower model.levels',
    });
  }
  checkImageGenerator(config, locate);
  return normWarnings(config, locate);
}

function checkImageGenerator(config: DpsConfig, locate: Locate): void {
  const level = imageGeneratorLevel(config);
  const where = locate(['model', 'imageGenerator', 'level']);
  if (level > config.model.levels) {
    throw new UserError('The image generator works at a level that does not exist.', {
      where,
      expected: `a level from 1 to ${config.model.levels} (model.levels)`,
      got: String(level),
    });
  }
  const resolution = levelResolution(config, level);
  if (![64, 128, 256].includes(resolution)) {
    throw new UserError('The image generator does not exist at this resolution.', {
      where,
      expected: 'a level of 64, 128 or 256 px',
      got: `level ${level} of ${config.model.levels}, which has ${resolution} px`,
    });
  }
}

function normWarnings(config: DpsConfig, locate: Locate): string[] {
  const { imageGenerator } = config.model;
  if (imageGenerator.norm !== 'batch') return [];
  const alone =
    'batch normalisation over a batch of 1 erases what it normalises; use a larger batch or norm: instance';
  const warnings: string[] = [];
  if (config.training.imageGenerator.batch === 1) {
    warnings.push(`${locate(['training', 'imageGenerator', 'batch'])} is 1: ${alone}.`);
  }
  const level = imageGeneratorLevel(config);
  const inLoop = imageGenerator.inLoop && !imageGenerator.evalNormInLoop;
  if (inLoop && config.training.levels[level - 1].batch === 1) {
    warnings.push(
      `${locate(['training', 'levels', level - 1, 'batch'])} is 1: ${alone}, or evalNormInLoop: true.`,
    );
  }
  return warnings;
}
