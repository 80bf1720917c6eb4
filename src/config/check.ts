/** What the schema of one key cannot say: sizes that must fit each other, and files that must be there. */
import { existsSync, statSync } from 'node:fs';
import { UserError } from '../runtime/errors.ts';
import type { Locate } from './explain.ts';
import type { Config } from './schema.ts';

/** Side of the images of a level (1 is the lowest), px. */
export function levelResolution(config: Config, level: number): number {
  return config.resolution / 2 ** (config.model.levels - level);
}

/** The level at whose resolution the image generator F works. */
export function imageGeneratorLevel(config: Config): number {
  return config.model.imageGenerator.level ?? config.model.levels;
}

/** Throws a UserError when sizes contradict each other. Returns warnings about what is allowed but seldom meant. */
export function checkConsistency(config: Config, locate: Locate): string[] {
  const { model, training, data } = config;
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
  if (data.split.validation + data.split.test >= 1) {
    throw new UserError('Nothing is left to train on.', {
      where: locate(['data', 'split']),
      expected: 'shares of validation and test that add up to less than 1',
      got: `${data.split.validation} + ${data.split.test}`,
    });
  }
  return normWarnings(config, locate);
}

function checkImageGenerator(config: Config, locate: Locate): void {
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

function normWarnings(config: Config, locate: Locate): string[] {
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
  if (inLoop && config.training.levels[level - 1]!.batch === 1) {
    warnings.push(
      `${locate(['training', 'levels', level - 1, 'batch'])} is 1: ${alone}, or evalNormInLoop: true.`,
    );
  }
  return warnings;
}

/** What the configuration needs of the disk and does not find, each with what to do about it. */
export function missingInputs(config: Config, locate: Locate): UserError[] {
  const missing: UserError[] = [];
  const { source } = config.data;
  if (source.kind !== 'faces' && !isFolder(source.path)) {
    missing.push(
      new UserError('The data set is not there.', {
        where: locate(['data', 'source', 'path']),
        expected: `a folder of images (kind: ${source.kind})`,
        got: existsSync(source.path) ? `${source.path} is no folder` : `${source.path} does not exist`,
        fix: 'give its place with --set data.source.path=FOLDER, or use the built-in faces: --set data.source.kind=faces',
      }),
    );
  }
  const { network, weights } = config.loss.perceptual;
  if (network === 'vgg19' && !(weights && existsSync(weights))) {
    missing.push(
      new UserError("The perceptual loss's VGG19 weights are not there.", {
        where: locate(['loss', 'perceptual', weights ? 'weights' : 'network']),
        expected: "a safetensors file with torchvision's VGG19 (features.0.weight to features.10.bias)",
        got: weights ? `${weights} does not exist` : 'no loss.perceptual.weights',
        fix:
          'download torchvision’s vgg19-dcbb9e9d.pth and convert it: npm run import -- --from vgg19-dcbb9e9d.pth --out weights/vgg19.safetensors; ' +
          'or use the network that installs by itself: --set loss.perceptual.network=hed-vgg16',
      }),
    );
  }
  const { initialWeights } = config.training;
  if (initialWeights !== undefined && !existsSync(initialWeights)) {
    missing.push(
      new UserError('The weights to begin with are not there.', {
        where: locate(['training', 'initialWeights']),
        expected: 'a run’s folder, one of its checkpoints/step-N, or a checkpoint made by `npm run import`',
        got: `${initialWeights} does not exist`,
      }),
    );
  }
  return missing;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
