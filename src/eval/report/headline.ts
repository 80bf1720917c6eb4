/** The rows that a reader looks for first: baselines, and every checkpoint at every l on true sketches. */

import type { Report } from './schema.ts';
import { format, type Measure, mainMeasures, type Place, rowAt } from './select.ts';

export interface HeadlineRow extends Place {
  readonly label: string;
}

export function headlineRows({ methods, suite }: Report): HeadlineRow[] {
  const d = Math.min(...suite.sketches.degradations);
  return methods.flatMap(({ label, kind }): HeadlineRow[] => {
    if (kind !== 'checkpoint') return [{ label, method: label, d: null, l: null }];
    return suite.levels.map((l) => ({ label: `${label}, l = ${l}`, method: label, d, l }));
  });
}

/** The headline as plain text. */
export function headline(report: Report): { head: string[]; rows: string[][] } {
  const measures = mainMeasures(report);
  const title = ({ metric, region }: Measure) =>
    `${metric.title}${region === 'hole' ? ' (hole)' : ''}${metric.unit ? `, ${metric.unit}` : ''}`;
  return {
    head: ['', ...measures.map(title)],
    rows: headlineRows(report).map((row) => [
      row.label,
      ...measures.map((measure) => {
        const found = rowAt(report, row, measure);
        return found ? format(found.mean) : '';
      }),
    ]),
  };
}
