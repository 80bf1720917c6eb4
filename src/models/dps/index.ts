/** Deep Plastic Surgery: sketches are refined to l, then a photo is made from them. */
import { defineMethod } from '../../core/define-method.ts';
import { torchvisionWeights } from '../feature-network.ts';
import { checkDps, dpsSchema } from './config.ts';
import { Dps } from './method.ts';
import { released } from './released.ts';
import { roughen } from './sketch.ts';

export const method = defineMethod({
  name: 'dps',
  title: 'Deep Plastic Surgery',
  paper: '[Deep Plastic Surgery](https://arxiv.org/abs/2001.02890) (Yang, Wang, Liu, Guo, ECCV 2020)',
  schema: dpsSchema,
  check: checkDps,
  weightFiles: ({ loss }) => torchvisionWeights(loss.perceptual, ['loss', 'perceptual']),
  roughen: ({ refinement }, sketch, l, random) => roughen(sketch, l, refinement.maxDilation, random),
  create: (config) => new Dps(config),
  released,
});
