/** The form of `metrics.json`. Raise the version when a reader of the old form would be misled. */
import { z } from 'zod';
import { suiteSchema } from '../suite/schema.ts';

export const FORMAT_VERSION = 1;

const region = z.enum(['image', 'hole']).describe('The whole image, or the inside of its hole.');

const estimate = {
  mean: z.number(),
  low: z.number().nullable().describe('Lower end of the bootstrap interval; null where there is none.'),
  high: z.number().nullable().describe('Upper end.'),
  count: z.int().min(1).describe('How many images were measured.'),
};

const place = {
  method: z.string().describe('Label of the method.'),
  d: z
    .number()
    .nullable()
    .describe('Degradation of the sketch; null for methods that are given none of these.'),
  l: z.number().nullable().describe('Refinement level; null for methods without one.'),
};

const measure = { metric: z.string().describe('Name of the metric.'), region };

export const reportSchema = z
  .strictObject({
    formatVersion: z.literal(FORMAT_VERSION),
    set: z
      .strictObject({
        hash: z
          .string()
          .describe('SHA-256 of photos, sketches, holes, d, l and blending: reports of equal hash compare.'),
        suite: z.string().describe('The suite’s name.'),
        split: z.enum(['train', 'validation', 'test']),
        task: z.enum(['edit', 'synthesis']),
        resolution: z.int().describe('Side of the images that were measured, px.'),
        photos: z.int(),
        images: z.int().describe('Photos times kinds of holes.'),
        holes: z.array(z.string()),
      })
      .describe('What was measured on.'),
    suite: suiteSchema.describe('The complete suite.'),
    methods: z.array(
      z.strictObject({
        label: z.string(),
        kind: z
          .enum(['checkpoint', 'true-sketch', 'mean-colour'])
          .describe(
            'true-sketch: the image generator F given the photo’s own sketch; mean-colour: of what is known.',
          ),
        checkpoint: z
          .strictObject({
            path: z.string(),
            step: z.int(),
            sha256: z.string().describe('Of its manifest, which holds those of its weights.'),
            trainedOn: z
              .int()
              .nullable()
              .describe(
                'How many of the photos it was trained on: 0 unless held-out is not held out; null: unknown.',
              ),
          })
          .optional(),
      }),
    ),
    metrics: z.array(
      z.strictObject({
        name: z.string(),
        title: z.string(),
        unit: z.string(),
        better: z.enum(['higher', 'lower']),
        definition: z.string(),
        kind: z.enum(['sample', 'set']),
        regions: z.array(region),
      }),
    ),
    rows: z
      .array(
        z.strictObject({
          ...place,
          hole: z.string().nullable().describe('Kind of hole; null: all.'),
          size: z
            .tuple([z.number(), z.number()])
            .nullable()
            .describe('Hole sizes [from, below) as shares of the image; null: all.'),
          ...measure,
          ...estimate,
        }),
      )
      .describe('Every mean.'),
    differences: z
      .array(z.strictObject({ ...place, reference: z.string(), ...measure, ...estimate }))
      .describe('Means of the differences method minus reference on the same images at the same d and l.'),
    bestLevels: z
      .array(
        z.strictObject({
          method: z.string(),
          d: z.number(),
          ...measure,
          l: z.number().describe('The l with the best mean.'),
          clear: z
            .boolean()
            .nullable()
            .describe(
              'Whether the intervals of its differences to every other l leave out zero; null for metrics of sets.',
            ),
        }),
      )
      .describe('For each checkpoint and sketch, the best l.'),
    times: z
      .strictObject({ created: z.iso.datetime(), seconds: z.number() })
      .describe('All that differs when the same command runs again.'),
  })
  .describe('Deep Plastic Surgery: results of an evaluation.');

export type Report = z.output<typeof reportSchema>;
export type ReportRow = Report['rows'][number];
export type ReportMetric = Report['metrics'][number];
