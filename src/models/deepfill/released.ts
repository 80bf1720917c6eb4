/** DeepFillv2's checkpoints (JiahuiYu/generative_inpainting): the generator, and from training the discriminator too. */
import { declaredPixels, onlyGroup, type Released, readConvolution } from '../../core/released.ts';
import type { DeepFillConfig } from './config.ts';

const FIRST_LAYER = 'inpaint_net/conv1/kernel';
const FIRST_OF_DISCRIMINATOR = 'discriminator/sn_patch_gan/conv1/kernel';

export const released: Released<DeepFillConfig> = {
  signatures: [FIRST_LAYER],
  contents: 'DeepFillv2’s TensorFlow checkpoint',
  config: new URL('../../../configs/deepfillv2.yaml', import.meta.url),
  recognise(groups, paper) {
    const group = onlyGroup(groups, 'DeepFillv2');
    const unguided = 'photo, ones and mask';
    const generator = readConvolution(group, FIRST_LAYER, 5, { 5: unguided, 6: `${unguided}, and edges` });
    const guided = generator.channels === 6;
    const discriminator = group.tensors.has(FIRST_OF_DISCRIMINATOR)
      ? readConvolution(group, FIRST_OF_DISCRIMINATOR, 5, {
          [guided ? 5 : 4]: 'what the generator is given too',
        })
      : undefined;
    const model = {
      guided,
      width: generator.filters,
      discriminatorWidth: discriminator?.filters ?? paper.model.discriminatorWidth,
    };
    const resolution = declaredPixels(group, 'resolution') ?? paper.resolution;
    const names = discriminator ? ['G', 'D'] : ['G'];
    return {
      description: `DeepFillv2 at ${resolution} px, ${guided ? 'guided by a sketch' : 'without a sketch'}`,
      config: { ...paper, resolution, model },
      networks: names.map((name) => ({ name, group })),
    };
  },
};
