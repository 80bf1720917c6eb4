/** Partial convolutions: holes filled from the photo around them. */
import { requireMultiple } from '../../config/run-config.ts';
import { defineMethod } from '../../core/define-method.ts';
import { torchvisionWeights } from '../feature-network.ts';
import { pconvSchema } from './config.ts';
import { createPartialConv } from './method.ts';

export const method = defineMethod({
  name: 'pconv',
  title: 'Partial convolutions',
  paper:
    '[Image Inpainting for Irregular Holes Using Partial Convolutions](https://arxiv.org/abs/1804.07723) (Liu, Reda, Shih, Wang, Tao, Catanzaro, ECCV 2018)',
  schema: pconvSchema,
  check({ resolution, model }, locate) {
    requireMultiple(
      resolution,
      2 ** model.depth,
      `model.depth says that it is halved ${model.depth} times`,
      locate,
    );
    return [];
  },
  weightFiles: ({ loss }) => torchvisionWeights(loss.features, ['loss', 'features']),
  create: createPartialConv,
});
