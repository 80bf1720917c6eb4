/** SC-FEGAN's checkpoints (run-youngjoo/SC-FEGAN, model.py:95-120), which hold the generator. */
import { declaredPixels, onlyGroup, type Released, readConvolution } from '../../core/released.ts';
import type { ScFeganConfig } from './config.ts';
import { GENERATOR_CHANNELS } from './inputs.ts';

const FIRST_LAYER = 'generator/gconv1_ds/kernel';

export const released: Released<ScFeganConfig> = {
  signatures: [FIRST_LAYER],
  contents: 'SC-FEGAN’s TensorFlow checkpoint',
  config: new URL('../../../configs/sc-fegan.yaml', import.meta.url),
  recognise(groups, paper) {
    const group = onlyGroup(groups, 'SC-FEGAN');
    const known = { [GENERATOR_CHANNELS]: 'photo, sketch, colours, mask and noise' };
    const { filters } = readConvolution(group, FIRST_LAYER, 7, known);
    const resolution = declaredPixels(group, 'resolution') ?? paper.resolution;
    return {
      description: `SC-FEGAN at ${resolution} px`,
      config: { ...paper, resolution, model: { ...paper.model, width: filters } },
      // Its generator has them and does not use them.
      networks: [{ name: 'G', group, unused: /^generator\/deconv\d\/biases2$/ }],
    };
  },
};
