import type { EvaluatedMethod } from '../evaluate.ts';
import type { MetricCollection } from '../metrics/collection.ts';
import type { EvaluationSet } from '../suite/set.ts';
import type { Summary } from '../summarize.ts';
import { FORMAT_VERSION, type Report, type ReportMetric } from './schema.ts';

export interface ReportParts {
  readonly set: EvaluationSet;
  /** Side of the images that were measured, px. */
  readonly resolution: number;
  readonly metrics: MetricCollection;
  readonly methods: readonly EvaluatedMethod[];
  /** Of the methods with a checkpoint, how many photos of the set that was trained on, by its SHA-256. */
  readonly trainedOn: Readonly<Record<string, number | undefined>>;
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
    methods: methods.map(({ label, kind, subject }) => {
      if (!subject) return { label, kind };
      const { path, checkpoint } = subject.loaded;
      const { sha256 } = subject;
      const seen = trainedOn[sha256] ?? null;
      return { label, kind, checkpoint: { path, step: checkpoint.step, sha256, trainedOn: seen } };
    }),
    metrics: metricsOf(metrics),
    ...summary,
    times,
  };
}

/** In the order of the suite's list: those of images, then those of sets. */
function metricsOf({ sampleMetrics, setMetrics, columns }: MetricCollection): ReportMetric[] {
  return [...sampleMetrics, ...setMetrics].map((metric) => {
    const { name, title, unit, better, definition, kind } = metric;
    const own = columns.filter((column) => column.metric === metric).map(({ region }) => region);
    return { name, title, unit, better, definition, kind, regions: kind === 'set' ? ['image'] : own };
  });
}
