/** pix2pix: from a sketch, and in editing the photo around the hole, to a photo. */
import { requireMultiple } from '../../config/run-config.ts';
import { defineMethod } from '../../core/define-method.ts';
import { UserError } from '../../runtime/errors.ts';
import { pix2pixSchema } from './config.ts';
import { createPix2Pix } from './method.ts';

export const method = defineMethod({
  name: 'pix2pix',
  title: 'pix2pix',
  paper:
    '[Image-to-Image Translation with Conditional Adversarial Networks](https://arxiv.org/abs/1611.07004) (Isola, Zhu, Zhou, Efros, CVPR 2017)',
  schema: pix2pixSchema,
  check({ resolution, model, training }, locate) {
    if (model.variant === 'lua' && training.accumulate > 1) {
      throw new UserError('The step of the Lua code cannot be made of several batches.', {
        where: locate(['training', 'accumulate']),
        expected: '1, for its generator learns from what the discriminator computed before it learnt',
        got: String(training.accumulate),
        fix: 'use model.variant: pytorch, or a larger training.batch',
      });
    }
    requireMultiple(
      resolution,
      2 ** model.depth,
      `model.depth says that it is halved ${model.depth} times`,
      locate,
    );
    return [];
  },
  create: createPix2Pix,
});
