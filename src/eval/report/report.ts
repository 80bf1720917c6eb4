/** The report's data: the form of `metrics.json`, how it is put together, and its two files for programs. */
import { z } from 'zod';
import type { EvaluatedCheckpoint } from '../checkpoints.ts';
import type { MetricCollection } from '../metrics/collection.ts';
import { BETTER } from '../metrics/metric.ts';
import type { EvaluatedMethod } from '../passes.ts';
import type { EvaluationSet } from '../suite/set.ts';
import { suiteSchema } from '../suite/suite.ts';

/**
 * Raise it when a reader of the old form would be misled. In version 2, `suite.levels` became `suite.l`, and `bestLevels`
 * became `bestL`, whose `d` may be null. In version 3 rows have a `source`, which is null in means over all images.
 */
const FORMAT_VERSION = 3;

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
    .describe('Degradation of the sketch; null if the method is given no degraded sketch.'),
  l: z.number().nullable().describe('The user’s l; null if the method does not use it.'),
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
            'true-sketch: the image generator given the photo’s own sketch; mean-colour: of what is known.',
          ),
        checkpoint: z
          .strictObject({
            path: z.string(),
            step: z.int(),
            sha256: z.string().describe('Of its manifest, which holds those of its weights.'),
            trainedOn: z
              .int()
              .nullable()
              .describe('How many of the photos it was trained on: 0 if they were held out; null: unknown.'),
          })
          .optional(),
      }),
    ),
    metrics: z.array(
      z.strictObject({
        name: z.string(),
        title: z.string(),
        unit: z.string(),
        better: z.enum(BETTER),
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
          source: z
            .string()
            .nullable()
            .describe('Name of the photos’ source, where several are mixed; null: all.'),
          ...measure,
          ...estimate,
        }),
      )
      .describe('Every mean.'),
    differences: z
      .array(z.strictObject({ ...place, reference: z.string(), ...measure, ...estimate }))
      .describe('Means of the differences method minus reference on the same images at the same d and l.'),
    bestL: z
      .array(
        z.strictObject({
          method: place.method,
          d: place.d,
          ...measure,
          l: z.number().describe('The l with the best mean.'),
          clear: z
            .boolean()
            .nullable()
            .describe(
              'Whether the intervals of its differences to all other l exclude zero; null for metrics of sets.',
            ),
        }),
      )
      .describe('For each checkpoint and sketch, the best l.'),
    times: z
      .strictObject({ created: z.iso.datetime(), seconds: z.number() })
      .describe('All that differs when the same command runs again.'),
  })
  .describe('Results of an evaluation.');

/** What an evaluation found: the content of `metrics.json`. */
export type Report = z.output<typeof reportSchema>;
export type ReportRow = Report['rows'][number];
export type ReportMetric = Report['metrics'][number];

/** The measured part of a report. */
export type Summary = Pick<Report, 'rows' | 'differences' | 'bestL'>;

export interface ReportParts {
  readonly set: EvaluationSet;
  /** Side of the images that were measured, px. */
  readonly resolution: number;
  readonly metrics: MetricCollection;
  readonly methods: readonly EvaluatedMethod[];
  /** How many photos of the set each checkpoint was trained on. A checkpoint is missing if that is not known. */
  readonly trainedOn: ReadonlyMap<EvaluatedCheckpoint, number>;
  readonly summary: Summary;
  readonly times: Report['times'];
}

/** Puts a report together. */
export function buildReport(parts: ReportParts): Report {
  const { set, resolution, metrics, methods, trainedOn, summary, times } = parts;
  const { suite, hash, split, task, photos, items, holes } = set;
  return {
    formatVersion: FORMAT_VERSION,
    set: {
      hash,
      suite: suite.name,
      split,
      task,
      resolution,
      photos: photos.length,
      images: items.length,
      holes: [...holes],
    },
    suite,
    methods: methods.map(({ label, kind, checkpoint }) => {
      if (!checkpoint) return { label, kind };
      const { loaded, sha256 } = checkpoint;
      const { path } = loaded;
      const { step } = loaded.checkpoint;
      return {
        label,
        kind,
        checkpoint: { path, step, sha256, trainedOn: trainedOn.get(checkpoint) ?? null },
      };
    }),
    metrics: metricsOf(metrics),
    ...summary,
    times,
  };
}

/** First the metrics of images, then those of sets; both in the order of the suite. */
function metricsOf({ sampleMetrics, setMetrics, columns }: MetricCollection): ReportMetric[] {
  return [...sampleMetrics, ...setMetrics].map((metric) => {
    const { name, title, unit, better, definition, kind } = metric;
    const own = columns.filter((column) => column.metric === metric).map(({ region: measured }) => measured);
    return { name, title, unit, better, definition, kind, regions: kind === 'set' ? ['image'] : own };
  });
}

/** `metrics.json`, with one line for each row: so people and `diff` can read it. */
export function reportJson(report: Report): string {
  const { rows, differences, bestL, ...rest } = report;
  const list = (items: readonly object[]) =>
    items.length === 0 ? '[]' : `[\n${items.map((item) => `  ${JSON.stringify(item)}`).join(',\n')}\n ]`;
  const head = JSON.stringify(rest, null, 1).slice(0, -2);
  return `${head},\n "rows": ${list(rows)},\n "differences": ${list(differences)},\n "bestL": ${list(bestL)}\n}\n`;
}

/** `metrics.csv` (RFC 4180): the rows of `metrics.json`, then its differences, which are rows with a reference. */
export function reportCsv({ rows, differences }: Report): string {
  const head = [
    'method',
    'reference',
    'd',
    'l',
    'hole',
    'size_from',
    'size_below',
    'source',
    'metric',
    'region',
    'mean',
    'low',
    'high',
    'count',
  ];
  const lines = [
    ...rows.map((row) => ({ ...row, reference: null })),
    ...differences.map((row) => ({ ...row, hole: null, size: null, source: null })),
  ].map(({ method, reference, d, l, hole, size, source, metric, region, mean, low, high, count }) =>
    [method, reference, d, l, hole, size?.[0], size?.[1], source, metric, region, mean, low, high, count]
      .map(csvCell)
      .join(','),
  );
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}

function csvCell(value: string | number | null | undefined): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The file that is made from the schema, as text by path. */
export function reportReferences(): Record<string, string> {
  return { 'docs/metrics.schema.json': `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n` };
}
