/** The configuration of pix2pix. */
import { z } from 'zod';
import {
  commonShape,
  optimizer,
  resolution,
  stageShape,
  trainingShape,
  weight,
} from '../../config/run-config.ts';

const model = z
  .strictObject({
    variant: z
      .enum(['pytorch', 'lua'])
      .default('pytorch')
      .describe(
        'Whose networks and training step: PyTorch’s, or the authors’ first, in Lua, with what it does unlike the paper.',
      ),
    width: z.int().min(1).max(512).default(64).describe('Channels of the generator’s first layer.'),
    depth: z
      .int()
      .min(5)
      .max(9)
      .default(8)
      .describe('Halvings of the U-Net, down to 1 px in the paper: 8 for 256 px.'),
    dropout: z
      .boolean()
      .default(true)
      .describe(
        'Dropout in the decoder: in the three innermost layers (lua), or in those between the innermost and the outer four (pytorch).',
      ),
    discriminatorWidth: z
      .int()
      .min(1)
      .max(512)
      .default(64)
      .describe('Channels of the discriminator’s first layer.'),
    discriminatorLayers: z
      .int()
      .min(0)
      .max(5)
      .default(3)
      .describe('Its layers of stride 2. 3: it judges patches of 70×70 px; 0: single pixels.'),
  })
  .prefault({})
  .describe('The networks.');

const atTestTime = z
  .strictObject({
    statistics: z
      .enum(['image', 'running'])
      .default('image')
      .describe(
        'What batch normalisation takes: each image’s own statistics, as the original, which tests in training mode with a batch of 1; or the running ones.',
      ),
    dropout: z
      .boolean()
      .default(true)
      .describe('Whether dropout goes on, as in the original. What it drops depends on `seed` alone.'),
  })
  .prefault({})
  .describe('How the trained generator is run.');

const loss = z
  .strictObject({
    gan: z
      .enum(['vanilla', 'least-squares'])
      .default('vanilla')
      .describe('The adversarial loss: cross entropy, or squared distances (LSGAN).'),
    adversarial: weight(1, 'the adversarial loss'),
    reconstruction: weight(100, 'the L1 loss'),
  })
  .prefault({})
  .describe('The losses and their weights.');

export const pix2pixSchema = z
  .strictObject({
    ...commonShape('pix2pix', 'pix2pix.'),
    resolution,
    model,
    atTestTime,
    loss,
    training: z
      .strictObject({ ...trainingShape, ...stageShape({ epochs: 200 }, 1), optimizer: optimizer() })
      .prefault({})
      .describe('How it is trained.'),
  })
  .describe('pix2pix: configuration of a training run.');

export type Pix2PixConfig = z.output<typeof pix2pixSchema>;
