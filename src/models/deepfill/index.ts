/** DeepFillv2: holes filled from the photo around them, guided by a sketch or not. */
import { requireMultiple } from '../../config/run-config.ts';
import { defineMethod } from '../../core/define-method.ts';
import { deepfillSchema } from './config.ts';
import { createDeepFill } from './method.ts';
import { released } from './released.ts';

export const method = defineMethod({
  name: 'deepfillv2',
  title: 'DeepFillv2',
  paper:
    '[Free-Form Image Inpainting with Gated Convolution](https://arxiv.org/abs/1806.03589) (Yu, Lin, Yang, Shen, Lu, Huang, ICCV 2019)',
  schema: deepfillSchema,
  check({ resolution }, locate) {
    requireMultiple(resolution, 8, 'features of a quarter of it, and attention at half of these', locate);
    return [];
  },
  create: createDeepFill,
  released,
});
