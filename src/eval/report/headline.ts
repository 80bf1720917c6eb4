/** The rows that a reader looks for first: baselines, and every checkpoint at every l on true sketches. */

import type { Report } from './schema.ts';
import { format, levelsOf, type Measure, mainMeasures, type Place, rowAt, truestOf } from './select.ts';

export interface HeadlineRow extends Place {
  /** Without the method: `l = 0.5`. */
  readonly label: string;
  /** Whether it is there to compare with, and no result of a checkpoint. */
  readonly reference: boolean;
}

/** Rows of one checkpoint, or those without any. */
export interface HeadlineGroup {
  readonly name: string;
  readonly rows: readonly HeadlineRow[];
}

export function headlineGroups(report: Report): HeadlineGroup[] {
  const { methods } = report;
  const alone = (label: string, method: string): HeadlineRow => ({
    label,
    method,
    d: null,
    l: null,
    reference: true,
  });
  const baselines = methods
    .filter(({ kind }) => kind === 'mean-colour')
    .map(({ label }) => alone(label, label));
  const checkpoints = methods.filter(({ kind }) => kind === 'checkpoint');
  return [
    { name: 'Baseline', rows: baselines },
    ...checkpoints.map(({ label, checkpoint }) => {
      const bound = methods.find(
        (method) => method.kind === 'true-sketch' && method.checkpoint?.sha256 === checkpoint!.sha256,
      );
      return {
        name: label,
        rows: [
          ...(bound ? [alone('F, true sketch', bound.label)] : []),
          ...levelsOf(report, label).map((l) => ({
            label: l === null ? 'I_out' : `l = ${l}`,
            method: label,
            d: truestOf(report, label),
            l,
            reference: false,
          })),
        ],
      };
    }),
  ];
}

/** The headline as plain text. */
export function headline(report: Report): { head: string[]; rows: string[][] } {
  const measures = mainMeasures(report);
  const title = ({ metric, region }: Measure) =>
    `${metric.title}${region === 'hole' ? ' (hole)' : ''}${metric.unit ? `, ${metric.unit}` : ''}`;
  return {
    head: ['', ...measures.map(title)],
    rows: headlineGroups(report).flatMap(({ name, rows }) =>
      rows.map((row) => [
        name === 'Baseline' ? row.label : `${name}: ${row.label}`,
        ...measures.map((measure) => {
          const found = rowAt(report, row, measure);
          return found ? format(found.mean) : '';
        }),
      ]),
    ),
  };
}
