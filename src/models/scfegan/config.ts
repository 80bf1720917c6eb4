/** The configuration of SC-FEGAN. */
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
import { poolFeatures } from '../feature-network.ts';

const model = z
  .strictObject({
    width: z
      .int()
      .min(1)
      .max(512)
      .default(64)
      .describe('Channels of the generator’s first layer; eight times as many at most.'),
    discriminatorWidth: z
      .int()
      .min(1)
      .max(512)
      .default(64)
      .describe('Channels of the discriminator’s first layer; four times as many at most.'),
  })
  .prefault({})
  .describe('The networks.');

const loss = z
  .strictObject({
    hole: weight(10, 'the L1 loss inside the hole'),
    valid: weight(1, 'the L1 loss outside the hole'),
    perceptual: weight(0.05, 'the perceptual loss'),
    style: weight(120, 'the style loss'),
    totalVariation: weight(0.1, 'the total variation inside the hole'),
    adversarial: weight(0.001, 'the generator’s adversarial loss'),
    gradientPenalty: weight(10, 'the discriminator’s gradient penalty'),
    drift: weight(0.001, 'the discriminator’s squared scores of photos, which it minimises'),
    features: poolFeatures,
  })
  .prefault({})
  .describe('The losses and their weights.');

export const scFeganSchema = z
  .strictObject({
    ...commonShape('sc-fegan', 'SC-FEGAN: holes filled from sketches and strokes of colour.'),
    task: editOnly,
    resolution,
    model,
    loss,
    training: z
      .strictObject({ ...trainingShape, ...stageShape({ epochs: 100 }, 8), optimizer: optimizer(1e-4) })
      .prefault({})
      .describe('How it is trained.'),
  })
  .describe('SC-FEGAN: configuration of a training run.');

export type ScFeganConfig = z.output<typeof scFeganSchema>;
