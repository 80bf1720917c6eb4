import { join } from 'node:path';
import { writeCheckpoint } from '../../../src/core/checkpoint.ts';
import type { DpsConfig } from '../../../src/models/dps/config.ts';
import { namedWeights } from '../../../src/nn/network-weights.ts';
import type { Variable } from '../../../src/ops/tf.ts';
import { tinyMethod } from './tiny.ts';

/** A run of one checkpoint with random weights. */
export async function writeTinyRun(run: string, config: DpsConfig): Promise<void> {
  const method = tinyMethod(config);
  const tensors: Record<string, [string, { shape: number[]; data: Float32Array }][]> = {};
  for (const [network, model] of Object.entries(method.networks)) {
    tensors[network] = Object.entries(namedWeights(model)).map(([key, value]: [string, Variable]) => [
      key,
      { shape: value.shape, data: value.dataSync() as Float32Array },
    ]);
  }
  const stage = { index: 0, name: 'F', step: 1 };
  await writeCheckpoint(
    join(run, 'checkpoints'),
    { step: 1, stage, config, random: {}, metrics: {} },
    tensors,
  );
  method.dispose();
}
