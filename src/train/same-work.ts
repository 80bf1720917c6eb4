/** What must be the same on all workers of a training, which each of them builds by itself. */
import { createHash } from 'node:crypto';
import type { RunConfig } from '../config/run-config.ts';
import type { Method } from '../core/method.ts';
import type { PreparedSample } from '../data/types.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { programHash, requireEqual } from '../ops/coordination.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { leaves } from './resume.ts';

/** Where files lie may differ between machines. What the training set holds is compared by itself. */
const MAY_DIFFER = /^data\.(ahead|cache|exclude|source\.(\d+\.)?path|split\.groups\.file)$/;

/** What must be the same on all workers before the first step, in words. */
export function describeWork(
  config: RunConfig,
  samples: readonly PreparedSample[],
  more: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const keys = [...leaves(config)].filter(([key]) => !MAY_DIFFER.test(key));
  const hash = createHash('sha256');
  for (const { id, key } of samples) hash.update(`${id}\n${key ?? ''}\n`);
  return {
    'the program': programHash(),
    'the training samples': `${samples.length}, ${hash.digest('hex').slice(0, 12)}`,
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, String(value)])),
    ...Object.fromEntries(keys),
  };
}

/** Throws a UserError when the networks' weights are not the leader's. */
export async function requireSameWeights({ networks }: Method): Promise<void> {
  if (!currentCluster()) return;
  const entries = Object.entries(networks).map(([name, network]) => {
    const hash = createHash('sha256');
    for (const weight of Object.values(namedWeights(network))) hash.update(weight.dataSync());
    return [`the weights of ${name}`, hash.digest('hex').slice(0, 12)] as const;
  });
  await requireEqual(Object.fromEntries(entries));
}
