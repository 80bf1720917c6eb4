/** Finds values of a report, and formats them. */
import { isBetter, type Region } from '../metrics/metric.ts';
import type { Report, ReportMetric, ReportRow } from './report.ts';

/** A metric measured on a region: a column of tables. */
export interface Measure {
  readonly metric: ReportMetric;
  readonly region: Region;
}

/** A method at one d and l. */
export interface Place {
  readonly method: string;
  readonly d: number | null;
  readonly l: number | null;
}

/** Every metric once: inside the hole if it is measured there, otherwise on the whole image. */
export function mainMeasures({ metrics }: Report): Measure[] {
  return metrics.map((metric) => ({ metric, region: metric.regions.includes('hole') ? 'hole' : 'image' }));
}

/** The whole-image measures of the metrics that {@link mainMeasures} has inside the hole. */
export function imageMeasures({ metrics }: Report): Measure[] {
  return metrics
    .filter(({ regions }) => regions.includes('hole') && regions.includes('image'))
    .map((metric) => ({ metric, region: 'image' }));
}

/** The measure of a metric's name, as in {@link mainMeasures}. */
export function measureOf(report: Report, name: string): Measure | undefined {
  return mainMeasures(report).find(({ metric }) => metric.name === name);
}

/** The mean over all images, or over a group of them. */
export function rowAt(
  { rows }: Report,
  place: Place,
  { metric, region }: Measure,
  group: Pick<ReportRow, 'hole' | 'size' | 'source'> = { hole: null, size: null, source: null },
): ReportRow | undefined {
  return rows.find(
    (row) =>
      row.method === place.method &&
      row.d === place.d &&
      row.l === place.l &&
      row.metric === metric.name &&
      row.region === region &&
      row.hole === group.hole &&
      row.source === group.source &&
      String(row.size) === String(group.size),
  );
}

export const checkpointLabels = ({ methods }: Report): string[] =>
  methods.filter(({ kind }) => kind === 'checkpoint').map(({ label }) => label);

/** The d of the sketches that a checkpoint was given; null alone if it uses no sketch. */
export const degradationsOf = (report: Report, method: string): (number | null)[] => [
  ...new Set(rowsOf(report, method).map(({ d }) => d)),
];

/** The values of l at which a checkpoint was measured; null alone if it does not use l. */
export const valuesOfL = (report: Report, method: string): (number | null)[] => [
  ...new Set(rowsOf(report, method).map(({ l }) => l)),
];

const rowsOf = ({ rows }: Report, method: string) => rows.filter((row) => row.method === method);

/** The least d of the sketches that a checkpoint was given. */
export function leastDegradation(report: Report, method: string): number | null {
  const known = degradationsOf(report, method).filter((d) => d !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

export const sketchName = (d: number | null): string => (d === null ? 'no sketch' : `d = ${d}`);
export const nameOfL = (l: number | null): string => (l === null ? 'no l' : `l = ${l}`);

/** The l that is best for a sketch, and whether it clearly is; undefined if nothing was measured. */
export function bestLAt(
  { bestL }: Report,
  method: string,
  d: number | null,
  { metric, region }: Measure,
): Report['bestL'][number] | undefined {
  return bestL.find(
    (row) => row.method === method && row.d === d && row.metric === metric.name && row.region === region,
  );
}

/** `L1`; where a metric is measured in both regions, `L1 in the hole` or `L1 on the whole image`. */
export function measureTitle({ metric, region }: Measure): string {
  const place = metric.regions.length > 1 ? (region === 'hole' ? ' in the hole' : ' on the whole image') : '';
  return `${metric.title}${place}`;
}

/** The index of the best value; undefined if there is no value. */
export function bestIndex(metric: ReportMetric, values: readonly (number | undefined)[]): number | undefined {
  let best: { index: number; value: number } | undefined;
  for (const [index, value] of values.entries())
    if (value !== undefined && (!best || isBetter(metric.better, value, best.value))) best = { index, value };
  return best?.index;
}

/** About three significant digits: `0.0763`, `19.94`, `143`. */
export function format(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(2);
  if (size >= 1) return value.toFixed(3);
  if (size >= 0.001 || size === 0) return value.toFixed(4);
  if (size >= 0.00001) return value.toFixed(5);
  return value.toExponential(1);
}

/** `[0.0712, 0.0814]`, or nothing if there is no interval. */
export const formatInterval = ({ low, high }: { low: number | null; high: number | null }): string =>
  low === null || high === null ? '' : `[${format(low)}, ${format(high)}]`;

/** With its sign: a plus, or the typographic minus. */
export const formatDifference = (value: number): string =>
  value < 0 ? `−${format(-value)}` : value > 0 ? `+${format(value)}` : format(value);

/** A class of hole sizes: `10–20 %`. */
export const formatSize = ([from, to]: readonly [number, number]): string =>
  `${Math.round(from * 1000) / 10}–${Math.round(to * 1000) / 10} %`;
