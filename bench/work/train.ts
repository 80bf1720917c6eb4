import type { RunConfig } from '../../src/config/run-config.ts';
import type { Method, Trainable } from '../../src/core/method.ts';
import { createMethod } from '../../src/models/registry.ts';
import { silent } from '../../src/runtime/progress.ts';
import { guardedStep } from '../../src/train/loop.ts';
import { makeUpBatch } from './made-up.ts';
import type { Work } from './work.ts';

/** The stage of a level that draws l for each batch, begun. */
async function beginLevel(
  config: RunConfig,
  level: number,
): Promise<{ method: Method; trainable: Trainable }> {
  const method = createMethod(config);
  await method.prepareTraining(silent);
  // F's stage comes first, and each level has one at l = 1 before the one at any l.
  return { method, trainable: method.begin(method.stages[2 * level]) };
}

/** Training steps of one level on a batch at the config's resolution, with degradation and the guard's read-back. */
export async function trainingWork(config: RunConfig, level: number, count: number): Promise<Work> {
  const { trainable } = await beginLevel(config, level);
  const batch = makeUpBatch(config, count);
  return { images: count, iterate: () => void guardedStep(trainable, batch) };
}
