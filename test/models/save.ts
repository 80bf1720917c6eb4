import { join } from 'node:path';
import type { RunConfig } from '../../src/config/run-config.ts';
import { writeCheckpoint } from '../../src/core/checkpoint.ts';
import type { Method } from '../../src/core/method.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';

/** A checkpoint of a method as it is, in the run `folder`. Returns its path. */
export function saveMethod(
  folder: string,
  method: Method,
  config: RunConfig,
  trained: string[],
  step: number,
): Promise<string> {
  const tensors = Object.entries(method.networks).map(([name, network]) => {
    const weights = Object.entries(namedWeights(network));
    const arrays = weights.map(
      ([key, weight]) => [key, { shape: weight.shape, data: weight.dataSync() as Float32Array }] as const,
    );
    return [name, arrays] as const;
  });
  const stage = { index: 0, name: 'F', step };
  const head = { step, stage, config, random: {}, metrics: {}, trained };
  return writeCheckpoint(join(folder, 'checkpoints'), head, Object.fromEntries(tensors));
}
