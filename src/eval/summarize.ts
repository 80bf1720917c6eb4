/** Means and intervals of what was measured: over all images, by kind of hole, and by hole size. */
import { Bootstrap, type Estimate, type PhotoValue } from './bootstrap.ts';
import type { Cell } from './evaluate.ts';
import type { MetricCollection } from './metrics/collection.ts';
import type { Report, ReportRow } from './report/schema.ts';
import { holeOf } from './suite/read-items.ts';
import type { EvaluationSet } from './suite/set.ts';

/** Some of the images. */
interface Group {
  readonly hole: string | null;
  readonly size: [number, number] | null;
  readonly items: readonly number[];
}

export type Summary = Pick<Report, 'rows' | 'differences' | 'bestLevels'>;

/** @param cells of the checkpoints, those of the reference first. */
export function summarize(set: EvaluationSet, metrics: MetricCollection, cells: readonly Cell[]): Summary {
  const { resamples, confidence } = set.suite.bootstrap;
  const bootstrap = new Bootstrap(set.photos.length, { resamples, confidence, seed: set.suite.seed });
  const groups = groupsOf(set);
  const estimate = (items: readonly number[], value: (item: number) => number) =>
    bootstrap.estimate(photoValues(set, items, value));
  return {
    rows: cells.flatMap((cell) => cellRows(cell, groups, metrics, estimate)),
    differences: differences(cells, groups[0], metrics, estimate),
    bestLevels: bestLevels(cells, groups[0], metrics, estimate),
  };
}

type Estimator = (items: readonly number[], value: (item: number) => number) => Estimate | undefined;

function cellRows(
  cell: Cell,
  groups: readonly Group[],
  { columns, setMetrics }: MetricCollection,
  estimate: Estimator,
): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const { hole, size, items } of groups) {
    for (const [column, { metric, region }] of columns.entries()) {
      const found = estimate(items, (item) => cell.values[item * columns.length + column]);
      if (found) rows.push({ ...placeOf(cell), hole, size, metric: metric.name, region, ...found });
    }
  }
  const { items } = groups[0];
  for (const { name } of setMetrics) {
    const value = { mean: cell.distances[name], low: null, high: null, count: items.length };
    rows.push({ ...placeOf(cell), hole: null, size: null, metric: name, region: 'image', ...value });
  }
  return rows;
}

/** Of every checkpoint but the first to the first, where d and l agree or one of them has none. */
function differences(
  cells: readonly Cell[],
  { items }: Group,
  { columns, setMetrics }: MetricCollection,
  estimate: Estimator,
): Report['differences'] {
  const rows: Report['differences'] = [];
  const ofCheckpoints = cells.filter(({ method }) => method.kind === 'checkpoint');
  const reference = ofCheckpoints[0].method.label;
  for (const cell of ofCheckpoints) {
    if (cell.method.label === reference) continue;
    for (const other of ofCheckpoints) {
      if (other.method.label !== reference || !agree(cell, other)) continue;
      const place = placeOf({
        method: cell.method,
        degradation: cell.degradation ?? other.degradation,
        level: cell.level ?? other.level,
      });
      for (const [column, { metric, region }] of columns.entries()) {
        const difference = (item: number) => {
          const at = item * columns.length + column;
          return cell.values[at] - other.values[at];
        };
        const found = estimate(items, difference);
        if (found) rows.push({ ...place, reference, metric: metric.name, region, ...found });
      }
      for (const { name } of setMetrics) {
        const mean = cell.distances[name] - other.distances[name];
        const value = { mean, low: null, high: null, count: items.length };
        rows.push({ ...place, reference, metric: name, region: 'image', ...value });
      }
    }
  }
  return rows;
}

function agree(a: Cell, b: Cell): boolean {
  const same = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  return same(a.degradation, b.degradation) && same(a.level, b.level);
}

/** Of the cells of each checkpoint and d, the l at which each metric is best. */
function bestLevels(
  cells: readonly Cell[],
  { items }: Group,
  { columns, setMetrics }: MetricCollection,
  estimate: Estimator,
): Report['bestLevels'] {
  const found: Report['bestLevels'] = [];
  for (const row of rowsOfLevels(cells)) {
    const { method, degradation } = row[0];
    const place = { method: method.label, d: degradation! };
    for (const [column, { metric, region }] of columns.entries()) {
      const value = (cell: Cell) => (item: number) => cell.values[item * columns.length + column];
      const best = bestOf(row, metric.better, (cell) => estimate(items, value(cell))?.mean);
      if (!best) continue;
      const clear = row.every((other) => {
        if (other === best) return true;
        const difference = estimate(items, (item) => value(best)(item) - value(other)(item));
        return difference !== undefined && (difference.low ?? 0) * (difference.high ?? 0) > 0;
      });
      found.push({ ...place, metric: metric.name, region, l: best.level!, clear });
    }
    for (const { name, better } of setMetrics) {
      const best = bestOf(row, better, (cell) => cell.distances[name]);
      if (best) found.push({ ...place, metric: name, region: 'image', l: best.level!, clear: null });
    }
  }
  return found;
}

/** Cells of one checkpoint and d, by l. */
function rowsOfLevels(cells: readonly Cell[]): Cell[][] {
  const rows = new Map<string, Cell[]>();
  for (const cell of cells) {
    if (cell.level === undefined) continue;
    const key = JSON.stringify([cell.method.label, cell.degradation]);
    rows.set(key, [...(rows.get(key) ?? []), cell]);
  }
  return [...rows.values()];
}

function bestOf(
  cells: readonly Cell[],
  better: 'higher' | 'lower',
  value: (cell: Cell) => number | undefined,
): Cell | undefined {
  const sign = better === 'higher' ? 1 : -1;
  return cells
    .map((cell) => ({ cell, score: sign * (value(cell) ?? Number.NaN) }))
    .filter(({ score }) => !Number.isNaN(score))
    .reduce<{ cell: Cell; score: number } | undefined>(
      (best, one) => (best && best.score >= one.score ? best : one),
      undefined,
    )?.cell;
}

const placeOf = ({ method, degradation, level }: Pick<Cell, 'method' | 'degradation' | 'level'>) => ({
  method: method.label,
  d: degradation ?? null,
  l: level ?? null,
});

/** All images first; kinds and sizes of holes that tell images apart. */
function groupsOf(set: EvaluationSet): Group[] {
  const all = [...set.items.keys()];
  const groups: Group[] = [{ hole: null, size: null, items: all }];
  if (set.holes.length > 1) {
    for (const hole of set.holes) {
      groups.push({ hole, size: null, items: all.filter((item) => set.items[item].hole === hole) });
    }
  }
  if (set.task === 'synthesis') return groups;
  const shares = set.items.map((item) => {
    const mask = holeOf(set, item);
    return mask.reduce((sum, value) => sum + value, 0) / mask.length;
  });
  const bounds = set.suite.holeSizes;
  for (const [i, from] of bounds.slice(0, -1).entries()) {
    const to = bounds[i + 1];
    const items = all.filter((item) => shares[item] >= from && shares[item] < to);
    if (items.length > 0) groups.push({ hole: null, size: [from, to], items });
  }
  return groups;
}

function* photoValues(
  { items }: EvaluationSet,
  indices: readonly number[],
  value: (item: number) => number,
): Generator<PhotoValue> {
  for (const item of indices) yield { photo: items[item].photoIndex, value: value(item) };
}
