/** Means of what was measured, with their intervals: over all images, by kind and size of hole, and by source of the photos. */
import { Bootstrap, type Estimate } from './bootstrap.ts';
import type { MetricCollection } from './metrics/collection.ts';
import { type Better, isBetter } from './metrics/metric.ts';
import type { EvaluationResult } from './passes.ts';
import type { Report, ReportRow, Summary } from './report/report.ts';
import { type EvaluationSet, holeOf } from './suite/set.ts';

/** The items with one kind of hole, with holes of one class of sizes, or of one source. All three are null for all items. */
interface Group {
  readonly hole: string | null;
  readonly size: [number, number] | null;
  readonly source: string | null;
  /** Indices of the set's items. */
  readonly items: readonly number[];
}

const ALL = { hole: null, size: null, source: null };

/** The mean of a value over items, with its interval; undefined if no item has the value. */
type Estimator = (items: readonly number[], read: (item: number) => number) => Estimate | undefined;

/** @param results of the checkpoints in their order. Differences are taken from those of the first checkpoint. */
export function summarize(
  set: EvaluationSet,
  metrics: MetricCollection,
  results: readonly EvaluationResult[],
): Summary {
  const { resamples, confidence } = set.suite.bootstrap;
  const bootstrap = new Bootstrap(set.photos.length, { resamples, confidence, seed: set.suite.seed });
  const estimate: Estimator = (items, read) =>
    bootstrap.estimate(items.map((item) => ({ photo: set.items[item].photoIndex, value: read(item) })));
  const all: Group = { ...ALL, items: [...set.items.keys()] };
  const groups = [
    all,
    ...groupsByHole(set, all.items),
    ...groupsBySize(set, all.items),
    ...groupsBySource(set, all.items),
  ];
  return {
    rows: results.flatMap((result) => meansOf(result, groups, metrics, estimate)),
    differences: differencesOf(results, all.items, metrics, estimate),
    bestL: bestOfEverySketch(results, all.items, metrics, estimate),
  };
}

/** By kind of hole. A single kind would be a group of all items again, so it has none. */
function groupsByHole({ holes, items }: EvaluationSet, all: readonly number[]): Group[] {
  if (holes.length === 1) return [];
  return holes.map((hole) => ({ ...ALL, hole, items: all.filter((item) => items[item].hole === hole) }));
}

/** By the share of the image that is hole. In synthesis that is the whole image, so there are no groups. */
function groupsBySize(set: EvaluationSet, all: readonly number[]): Group[] {
  if (set.task === 'synthesis') return [];
  const shares = set.items.map((item) => {
    const mask = holeOf(set, item);
    return mask.reduce((sum, value) => sum + value, 0) / mask.length;
  });
  const bounds = set.suite.holeSizes;
  return bounds
    .slice(0, -1)
    .map((from, i): Group => {
      const below = bounds[i + 1];
      const items = all.filter((item) => shares[item] >= from && shares[item] < below);
      return { ...ALL, size: [from, below], items };
    })
    .filter(({ items }) => items.length > 0);
}

/** By the source that photos come from. Where they come from one, there are no groups. */
function groupsBySource({ items }: EvaluationSet, all: readonly number[]): Group[] {
  const sources = [...new Set(items.map(({ photo }) => photo.source))].filter((name) => name !== undefined);
  if (sources.length < 2) return [];
  return sources.sort().map((source) => ({
    ...ALL,
    source,
    items: all.filter((item) => items[item].photo.source === source),
  }));
}

/** What a result has in a column of the metrics, by item. */
const reader =
  ({ columns }: MetricCollection, { values }: EvaluationResult, column: number) =>
  (item: number): number =>
    values[item * columns.length + column];

/** The value of a metric of sets, which has no interval. */
const setEstimate = (mean: number, items: readonly number[]): Estimate => ({
  mean,
  low: null,
  high: null,
  count: items.length,
});

const placeOf = ({ method, degradation, l }: Pick<EvaluationResult, 'method' | 'degradation' | 'l'>) => ({
  method: method.label,
  d: degradation ?? null,
  l: l ?? null,
});

function meansOf(
  result: EvaluationResult,
  groups: readonly Group[],
  metrics: MetricCollection,
  estimate: Estimator,
): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const { hole, size, source, items } of groups) {
    for (const [column, { metric, region }] of metrics.columns.entries()) {
      const mean = estimate(items, reader(metrics, result, column));
      if (mean) rows.push({ ...placeOf(result), hole, size, source, metric: metric.name, region, ...mean });
    }
  }
  for (const { name } of metrics.setMetrics) {
    const distance = setEstimate(result.distances[name], groups[0].items);
    rows.push({ ...placeOf(result), ...ALL, metric: name, region: 'image', ...distance });
  }
  return rows;
}

/**
 * The differences of every checkpoint from the first one, on the same images. Results are compared at equal d and equal l;
 * one that has no d or no l is compared at all of them.
 */
function differencesOf(
  results: readonly EvaluationResult[],
  items: readonly number[],
  metrics: MetricCollection,
  estimate: Estimator,
): Report['differences'] {
  const rows: Report['differences'] = [];
  const ofCheckpoints = results.filter(({ method }) => method.kind === 'checkpoint');
  const reference = ofCheckpoints[0].method.label;
  const references = ofCheckpoints.filter(({ method }) => method.label === reference);
  for (const result of ofCheckpoints) {
    if (result.method.label === reference) continue;
    for (const other of references.filter((one) => areComparable(result, one))) {
      const place = placeOf({
        method: result.method,
        degradation: result.degradation ?? other.degradation,
        l: result.l ?? other.l,
      });
      for (const [column, { metric, region }] of metrics.columns.entries()) {
        const [own, others] = [reader(metrics, result, column), reader(metrics, other, column)];
        const difference = estimate(items, (item) => own(item) - others(item));
        if (difference) rows.push({ ...place, reference, metric: metric.name, region, ...difference });
      }
      for (const { name } of metrics.setMetrics) {
        const difference = setEstimate(result.distances[name] - other.distances[name], items);
        rows.push({ ...place, reference, metric: name, region: 'image', ...difference });
      }
    }
  }
  return rows;
}

function areComparable(a: EvaluationResult, b: EvaluationResult): boolean {
  const agree = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  return agree(a.degradation, b.degradation) && agree(a.l, b.l);
}

/** For each checkpoint and d, the l at which each metric is best. */
function bestOfEverySketch(
  results: readonly EvaluationResult[],
  items: readonly number[],
  metrics: MetricCollection,
  estimate: Estimator,
): Report['bestL'] {
  const rows: Report['bestL'] = [];
  for (const candidates of resultsByL(results)) {
    const { method, d } = placeOf(candidates[0]);
    for (const [column, { metric, region }] of metrics.columns.entries()) {
      const best = bestOf(
        candidates,
        metric.better,
        (result) => estimate(items, reader(metrics, result, column))?.mean,
      );
      if (!best) continue;
      const ofBest = reader(metrics, best, column);
      const clear = candidates.every((other) => {
        if (other === best) return true;
        const ofOther = reader(metrics, other, column);
        const difference = estimate(items, (item) => ofBest(item) - ofOther(item));
        return difference !== undefined && (difference.low ?? 0) * (difference.high ?? 0) > 0;
      });
      rows.push({ method, d, metric: metric.name, region, l: best.l, clear });
    }
    for (const { name, better } of metrics.setMetrics) {
      const best = bestOf(candidates, better, ({ distances }) => distances[name]);
      if (best) rows.push({ method, d, metric: name, region: 'image', l: best.l, clear: null });
    }
  }
  return rows;
}

type ResultAtL = EvaluationResult & { readonly l: number };

/** The results that have an l, in lists of one checkpoint and d each. */
function resultsByL(results: readonly EvaluationResult[]): ResultAtL[][] {
  const lists = new Map<string, ResultAtL[]>();
  for (const result of results) {
    const { method, degradation, l } = result;
    if (l === undefined) continue;
    const key = JSON.stringify([method.label, degradation]);
    lists.set(key, [...(lists.get(key) ?? []), { ...result, l }]);
  }
  return [...lists.values()];
}

/** The candidate of the best value, the first of equal ones; undefined if none has a value. */
function bestOf(
  candidates: readonly ResultAtL[],
  better: Better,
  read: (result: ResultAtL) => number | undefined,
): ResultAtL | undefined {
  let best: { candidate: ResultAtL; value: number } | undefined;
  for (const candidate of candidates) {
    const value = read(candidate);
    if (value === undefined || Number.isNaN(value)) continue;
    if (!best || isBetter(better, value, best.value)) best = { candidate, value };
  }
  return best?.candidate;
}
