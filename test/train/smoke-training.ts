/** Whole small trainings, for tests of what they log and how they are resumed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '../../src/config/run-config.ts';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import { createRunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { createMethod } from '../../src/models/registry.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { StepRecord } from '../../src/train/log.ts';
import { type Training, train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';

/** Trains in a run folder of its own below `folder`. @returns its last checkpoint, what it logged, and the plan. */
export async function trainSmoke(
  config: RunConfig,
  data: PreparedData,
  folder: string,
  changes: Partial<Training> = {},
) {
  const method = createMethod(config);
  await method.prepareTraining(silent);
  const plan = makePlan(method, data.samples.train.length);
  const run = await createRunFolder(join(folder, 'runs'), config);
  const end = await train({ config, method, data, plan, run, reporter: silent, ...changes });
  method.dispose();
  const lines = readFileSync(run.log, 'utf8').trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as StepRecord & { tensors: number });
  return { checkpoint: await readCheckpoint(end.checkpoint), records, plan };
}
