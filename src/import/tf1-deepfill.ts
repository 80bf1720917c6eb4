/** DeepFillv2's checkpoints (JiahuiYu/generative_inpainting): the generator, and from training the discriminator too. */
import { type DeepFillConfig, deepfillSchema } from '../models/deepfill/config.ts';
import { builtConfig, paperConfig } from './built-config.ts';
import type { NetworkGroup } from './groups.ts';
import { declaredResolution, readConvolution, type Tf1System } from './tf1-network.ts';

/** Throws a UserError when the first layers are not DeepFillv2's. */
export function recognizeDeepFill(group: NetworkGroup): Tf1System {
  const unguided = 'photo, ones and mask';
  const inputs = new Map([
    [5, unguided],
    [6, `${unguided}, and edges`],
  ]);
  const generator = readConvolution(group, 'inpaint_net/conv1/kernel', 5, inputs);
  const guided = generator.channels === 6;
  const discriminatorKey = 'discriminator/sn_patch_gan/conv1/kernel';
  const discriminator = group.tensors.has(discriminatorKey)
    ? readConvolution(
        group,
        discriminatorKey,
        5,
        new Map([[guided ? 5 : 4, 'what the generator is given too']]),
      )
    : undefined;
  const base = paperConfig('deepfillv2') as DeepFillConfig;
  const model = {
    guided,
    width: generator.filters,
    discriminatorWidth: discriminator?.filters ?? base.model.discriminatorWidth,
  };
  const resolution = declaredResolution(group) ?? base.resolution;
  return {
    group,
    description: `DeepFillv2 at ${resolution} px, ${guided ? 'guided by a sketch' : 'without a sketch'}`,
    config: builtConfig(deepfillSchema, { ...base, name: 'imported', resolution, model }),
    networks: discriminator ? ['G', 'D'] : ['G'],
  };
}
