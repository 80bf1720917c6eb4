/** What the schema of one key cannot say: sizes that must fit each other, and files that must be there. */
import { existsSync, statSync } from 'node:fs';
import { UserError } from '../runtime/errors.ts';
import { isThere, missingWeights } from './feature-network.ts';
import type { Locate } from './locate.ts';
import { type Config, methodOf } from './schema.ts';

/** Throws a UserError when values contradict each other. Returns warnings about what is allowed but seldom meant. */
export function checkConsistency(config: Config, locate: Locate): string[] {
  const { validation, test } = config.data.split;
  if (validation + test >= 1) {
    throw new UserError('Nothing is left to train on.', {
      where: locate(['data', 'split']),
      expected: 'shares of validation and test that add up to less than 1',
      got: `${validation} + ${test}`,
    });
  }
  return methodOf(config).check(config, locate);
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
  const weights = methodOf(config).weightFiles(config);
  missing.push(...weights.filter((file) => !isThere(file)).map((file) => missingWeights(file, locate)));
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
