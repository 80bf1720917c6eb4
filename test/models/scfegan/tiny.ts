import type { Method } from '../../../src/core/method.ts';
import { type ScFeganConfig, scFeganSchema } from '../../../src/models/scfegan/config.ts';
import { createScFegan } from '../../../src/models/scfegan/method.ts';
import { namedWeights } from '../../../src/nn/network-weights.ts';
import { tf } from '../../../src/ops/tf.ts';

/** SC-FEGAN of narrow networks at 64 px, which trains without a network for features. */
export const tinyScFeganConfig = (): ScFeganConfig =>
  scFeganSchema.parse({
    method: 'sc-fegan',
    resolution: 64,
    data: { source: { kind: 'faces' }, holes: { kinds: ['free-form'] } },
    model: { width: 4, discriminatorWidth: 4 },
    loss: { perceptual: 0, style: 0 },
    training: { duration: { steps: 2 }, batch: 2, holePool: 4 },
  });

/** With weights large enough for results that differ visibly: initial ones make almost grey images, through many gates. */
export function tinyScFegan(config = tinyScFeganConfig()): Method {
  const method = createScFegan(config);
  for (const [name, weight] of Object.entries(namedWeights(method.networks.G)))
    if (name.endsWith('kernel')) tf.tidy(() => void weight.assign(tf.mul(weight, 2)));
  return method;
}
