/** Parts of a configuration that several methods have. */
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import { dataSchema } from './data-schema.ts';
import type { Locate } from './locate.ts';

export const count = () => z.int().min(1);
export const steps = () => z.int().min(1).max(100_000_000);
const length = () => z.int().min(0).max(100_000_000);

/** A length of training: in passes over the training split, or in optimiser steps. */
export const duration = z
  .union([
    z.strictObject({ epochs: length().describe('Passes over the training split.') }),
    z.strictObject({ steps: length().describe('Optimiser steps.') }),
  ])
  .describe('A length of training: {epochs: N} or {steps: N}; 0 leaves the stage out.');

/** The weight of a loss. @param what completes `Weight of`. */
export const weight = (value: number, what: string) =>
  z.number().min(0).default(value).describe(`Weight of ${what}.`);

/** Adam. @param learningRate by default. @param beta1 by default. */
export const optimizer = (learningRate = 2e-4, beta1 = 0.5) =>
  z
    .strictObject({
      learningRate: z.number().gt(0).max(1).default(learningRate),
      beta1: z.number().min(0).lt(1).default(beta1),
      beta2: z.number().min(0).lt(1).default(0.999),
      epsilon: z.number().gt(0).default(1e-8).describe('Added after the square root.'),
    })
    .prefault({})
    .describe('Adam, one for each network.');

/** `task` of methods that fill holes. */
export const editOnly = z.literal('edit').default('edit').describe('It fills a hole of a photo.');

/** Side of the images of methods whose networks take any that they can halve often enough. */
export const resolution = z
  .int()
  .min(32)
  .max(512)
  .default(256)
  .describe('Side of the images, px; a multiple of what the networks halve it by.');

/** Throws a UserError when the resolution is no multiple of `factor`. @param why the networks need it, in words. */
export function requireMultiple(resolution: number, factor: number, why: string, locate: Locate): void {
  if (resolution % factor === 0) return;
  throw new UserError('The networks do not fit this resolution.', {
    where: locate(['resolution']),
    expected: `a multiple of ${factor} px: ${why}`,
    got: `${resolution} px`,
  });
}

/** Keys of a stage of training; its length and batch by default. */
export const stageShape = (length: z.input<typeof duration>, batch: number) => ({
  duration: duration.prefault(length),
  batch: count().default(batch),
  holePool: count().default(1024).describe('Hole masks made at the start, from which each batch draws.'),
});

/** Keys of `training` that every method has. */
export const trainingShape = {
  initialWeights: z
    .string()
    .optional()
    .describe(
      'A checkpoint or run, imported ones too, whose trained networks the training begins with. Default: random weights.',
    ),
  maxBadSteps: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Steps in 1,000 that may be discarded because a loss or gradient was not finite; one more ends the training.',
    ),
};

const output = z
  .strictObject({
    logEvery: steps().default(20).describe('Steps between lines of log.jsonl and TensorBoard scalars.'),
    samplesEvery: steps().default(500).describe('Steps between sample grids.'),
    sampleCount: z.int().min(1).max(32).default(6).describe('Rows of a sample grid.'),
    sampleRefinement: z
      .array(z.number().min(0).max(1))
      .min(1)
      .default([0, 0.5, 1])
      .describe('Values of l in the sample grids, where the method has one.'),
    checkpointMinutes: z.number().gt(0).default(15).describe('Minutes between checkpoints.'),
    keepCheckpoints: count().default(3).describe('How many of the newest checkpoints to keep.'),
    validationCount: z
      .int()
      .min(0)
      .max(1024)
      .default(16)
      .describe(
        'Validation samples measured at each checkpoint; the best of the stage is kept besides the newest. 0: none.',
      ),
    validationMetrics: z
      .array(z.string())
      .default(['l1', 'psnr'])
      .describe('What is measured of them, for the log and TensorBoard; docs/metrics.md lists the metrics.'),
    bestBy: z
      .strictObject({
        metric: z.string().default('l1').describe('Name of a metric.'),
        region: z
          .enum(['hole', 'image'])
          .default('hole')
          .describe('Inside the hole, or the whole image; metrics of sets have the image only.'),
      })
      .prefault({})
      .describe('What tells the best checkpoint of a stage.'),
    testCount: count().default(64).describe('Held-out samples in the table at the end.'),
  })
  .prefault({});

/** The top-level keys that every method has. @param name of its runs by default. */
export const commonShape = (name: string) => ({
  extends: z
    .string()
    .optional()
    .describe('Another config file (relative to this one) whose values this one overrides.'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/)
    .default(name)
    .describe('Name of the run’s folder: lower-case letters, digits and hyphens.'),
  task: z
    .enum(['edit', 'synthesis'])
    .default('edit')
    .describe('edit: fill a hole of a photo from a sketch. synthesis: a whole image from a sketch alone.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('All randomness of the run derives from it.'),
  data: dataSchema,
  output,
});
