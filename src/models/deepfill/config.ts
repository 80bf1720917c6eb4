/** The configuration of DeepFillv2. */
import { z } from 'zod';
import {
  commonShape,
  editOnly,
  optimizer,
  resolution,
  stageShape,
  trainingShape,
  weight,
} from '../../config/run-config.ts';

const model = z
  .strictObject({
    guided: z
      .boolean()
      .default(true)
      .describe('Whether a sketch guides it. The released networks are not guided.'),
    width: z
      .int()
      .min(4)
      .max(512)
      .multipleOf(4)
      .default(48)
      .describe('Channels of the generator’s first layer, features and gates together.'),
    discriminatorWidth: z
      .int()
      .min(1)
      .max(512)
      .default(64)
      .describe('Channels of the discriminator’s first layer.'),
  })
  .prefault({})
  .describe('The networks.');

const loss = z
  .strictObject({
    adversarial: weight(1, 'the adversarial loss, a hinge loss'),
    reconstruction: weight(1, 'the L1 loss of the coarse and the refined image, over all pixels'),
  })
  .prefault({})
  .describe('The losses and their weights.');

export const deepfillSchema = z
  .strictObject({
    ...commonShape('deepfillv2', 'DeepFillv2.'),
    task: editOnly,
    resolution,
    model,
    loss,
    training: z
      .strictObject({
        ...trainingShape,
        ...stageShape({ steps: 1_000_000 }, 16),
        optimizer: optimizer(1e-4),
      })
      .prefault({})
      .describe('How it is trained.'),
  })
  .describe('DeepFillv2: configuration of a training run.');

export type DeepFillConfig = z.output<typeof deepfillSchema>;
