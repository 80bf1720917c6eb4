/** SC-FEGAN: holes filled from sketches and strokes of colour. */
import { requireMultiple } from '../../config/run-config.ts';
import { defineMethod } from '../../core/define-method.ts';
import { torchvisionWeights } from '../feature-network.ts';
import { scFeganSchema } from './config.ts';
import { createScFegan } from './method.ts';
import { released } from './released.ts';

export const method = defineMethod({
  name: 'sc-fegan',
  title: 'SC-FEGAN',
  paper:
    '[SC-FEGAN: Face Editing Generative Adversarial Network with User’s Sketch and Color](https://arxiv.org/abs/1902.06838) (Jo, Park, ICCV 2019)',
  schema: scFeganSchema,
  check({ resolution }, locate) {
    requireMultiple(resolution, 64, 'the U-Net halves it six times before its innermost layer', locate);
    return [];
  },
  weightFiles: ({ loss }) => torchvisionWeights(loss.features, ['loss', 'features']),
  create: createScFegan,
  released,
});
