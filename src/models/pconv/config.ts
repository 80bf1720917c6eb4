/** The configuration of partial convolutions. */
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
    variant: z
      .enum(['nvidia', 'naoto'])
      .default('nvidia')
      .describe('Whose layer: the authors’, or naoto0804’s, which does not scale by the size of the window.'),
    depth: z.int().min(3).max(9).default(7).describe('Halvings of the U-Net: 7 for 256 px, 8 for 512 px.'),
    width: z
      .int()
      .min(1)
      .max(512)
      .default(64)
      .describe('Channels of the first layer; eight times as many at most.'),
    sketch: z
      .boolean()
      .default(false)
      .describe(
        'Whether the network is given the sketch too, which is not in the paper: to compare it with methods that are.',
      ),
  })
  .prefault({})
  .describe('The networks.');

const loss = z
  .strictObject({
    variant: z
      .enum(['paper', 'mmagic', 'naoto'])
      .default('paper')
      .describe(
        'Whose losses: the paper’s; mmagic’s, where L1 is divided by the pixels of its region; or naoto0804’s, with the total variation of all pixels.',
      ),
    valid: weight(1, 'the L1 loss outside the hole'),
    hole: weight(6, 'the L1 loss inside the hole'),
    perceptual: weight(0.05, 'the perceptual losses of output and composite'),
    style: weight(120, 'the style losses of output and composite'),
    totalVariation: weight(0.1, 'the total variation in and about the hole'),
    features: poolFeatures,
  })
  .prefault({})
  .describe('The losses and their weights.');

export const pconvSchema = z
  .strictObject({
    ...commonShape('pconv', 'Partial convolutions.'),
    task: editOnly,
    resolution,
    model,
    loss,
    training: z
      .strictObject({
        ...trainingShape,
        main: z
          .strictObject({ ...stageShape({ steps: 800_000 }, 6), optimizer: optimizer(2e-4, 0.9) })
          .prefault({})
          .describe('First phase.'),
        fineTuning: z
          .strictObject({ ...stageShape({ steps: 500_000 }, 6), optimizer: optimizer(5e-5, 0.9) })
          .prefault({})
          .describe('Second phase, with the encoder’s batch normalisation frozen.'),
      })
      .prefault({})
      .describe('How it is trained.'),
  })
  .describe('Partial convolutions: configuration of a training run.');

export type PartialConvConfig = z.output<typeof pconvSchema>;
