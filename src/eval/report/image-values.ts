/** `images.jsonl`: what was measured of every single image, for comparisons that a report does not make. */
import { z } from 'zod';
import { readText } from '../../runtime/files.ts';
import type { MetricCollection } from '../metrics/collection.ts';
import type { EvaluationResult } from '../passes.ts';
import type { EvaluationSet } from '../suite/set.ts';

const lineForm = z.object({
  method: z.string(),
  d: z.number().nullable(),
  l: z.number().nullable(),
  /** The photo's id. */
  photo: z.string(),
  hole: z.string(),
  /** By `METRIC/REGION`; null where the image has no value. */
  values: z.record(z.string(), z.number().nullable()),
});

/** An image that a method made. */
export type ImageValues = z.output<typeof lineForm>;

/** The text of the file, a JSON object a line, in the order of results and items. The values are keys like all others. */
export function imageLines(
  { items }: EvaluationSet,
  { columns }: MetricCollection,
  results: readonly EvaluationResult[],
): string {
  const lines = results.flatMap(({ method, degradation, l, values }) =>
    items.map(({ photo, hole }, item) => {
      const own = columns.map(({ metric, region }, column) => {
        const value = values[item * columns.length + column];
        return [`${metric.name}/${region}`, Number.isNaN(value) ? null : value] as const;
      });
      const head = { method: method.label, d: degradation ?? null, l: l ?? null, photo: photo.id, hole };
      return JSON.stringify({ ...head, ...Object.fromEntries(own) });
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** Reads the file back. */
export async function readImageValues(path: string): Promise<ImageValues[]> {
  const lines = (await readText(path)).trimEnd().split('\n');
  return lines.map((line) => {
    const { method, d, l, photo, hole, ...values } = JSON.parse(line);
    return lineForm.parse({ method, d, l, photo, hole, values });
  });
}
