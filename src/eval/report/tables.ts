/** Tables of a report. */
import { CAPTIONS } from '../../core/vocabulary.ts';
import { type Better, isBetter, wordsFor } from '../metrics/metric.ts';
import { type Html, html } from './html.ts';
import type { Report, ReportRow } from './report.ts';
import {
  bestIndex,
  checkpointLabels,
  format,
  formatDifference,
  formatInterval,
  formatSize,
  leastDegradation,
  type Measure,
  mainMeasures,
  measureTitle,
  nameOfL,
  type Place,
  rowAt,
  sketchName,
  valuesOfL,
} from './select.ts';

const ARROWS: Record<Better, string> = { higher: '↑', lower: '↓', zero: '→0' };

function arrow({ metric }: Measure): Html {
  const words = wordsFor(metric.better);
  return html`<span class="better" title="${words}">${ARROWS[metric.better]}<span class="spoken"> ${words}</span></span>`;
}

function columnHead(measure: Measure): Html {
  const { metric } = measure;
  const unit = metric.unit ? html` <span class="unit">${metric.unit}</span>` : undefined;
  return html`<th scope="col">${metric.title}${unit} ${arrow(measure)}</th>`;
}

/** A table that can be scrolled sideways if it is wider than the page. */
export function scrolling(caption: Html | string, id: string, content: Html): Html {
  return html`<p class="caption" id="${id}">${caption}</p>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}"><table class="numbers" aria-labelledby="${id}">
${content}</table></div>`;
}

/** Baselines and checkpoints, with a column for each metric. The best value of a checkpoint, at whatever l, stands out. */
export function headlineTable(
  report: Report,
  measures: readonly Measure[],
  caption: string,
  id: string,
): Html {
  const groups = headlineGroups(report);
  const own = groups.flatMap(({ rows }) => rows).filter(({ reference }) => !reference);
  const best = measures.map((measure) => {
    const values = own.map((row) => rowAt(report, row, measure)?.mean);
    return own[bestIndex(measure.metric, values) ?? -1];
  });
  const body = groups.map(
    ({
      name,
      rows,
    }) => html`<tbody><tr><th class="group" scope="rowgroup" colspan="${measures.length + 1}"><span>${name}</span></th></tr>
${rows.map(
  (
    row,
  ) => html`<tr${row.reference ? html` class="bound"` : undefined}><th scope="row">${row.label}</th>${measures.map(
    (measure, i) =>
      html`<td${best[i] === row ? html` class="best"` : undefined}>${valueCell(rowAt(report, row, measure), report.set.images)}</td>`,
  )}</tr>
`,
)}</tbody>`,
  );
  return scrolling(
    caption,
    id,
    html`<thead><tr><th scope="col">Method</th>${measures.map(columnHead)}</tr></thead>
${body}`,
  );
}

/** @param images the usual number of images. The cell tells the number if it is another one. */
function valueCell(row: ReportRow | undefined, images: number): Html {
  if (!row) return html`<span class="none">none</span>`;
  const interval = formatInterval(row);
  return html`${format(row.mean)}${interval ? html`<small>${interval}</small>` : undefined}${
    row.count === images ? undefined : html`<small>of ${row.count}</small>`
  }`;
}

/** One metric by kind and size of hole, by the photos' source, and by l, on the truest sketches. Undefined if there are no such groups. */
export function groupTable(report: Report, method: string, measure: Measure, id: string): Html | undefined {
  const columns = valuesOfL(report, method);
  const d = leastDegradation(report, method);
  const groups = groupsOf(report, { method, d, l: columns[0] ?? null }, measure);
  if (groups.length === 0) return undefined;
  const body = groups.map((group) => {
    const found = columns.map((l) => rowAt(report, { method, d, l }, measure, group));
    const best = bestIndex(
      measure.metric,
      found.map((row) => row?.mean),
    );
    const name =
      group.hole ?? group.source ?? (group.size ? `${formatSize(group.size)} of the image` : 'all');
    return html`<tr><th scope="row">${name}</th><td>${group.count}</td>${found.map(
      (row, i) =>
        html`<td${best === i ? html` class="best"` : undefined}>${valueCell(row, group.count)}</td>`,
    )}</tr>
`;
  });
  return scrolling(
    html`${measureTitle(measure)}: ${method}, ${sketchName(d)} ${arrow(measure)}`,
    id,
    html`<thead><tr><th scope="col">Hole or source</th><th scope="col">Images</th>${columns.map(
      (l) => html`<th scope="col">${nameOfL(l)}</th>`,
    )}</tr></thead>
<tbody>${body}</tbody>`,
  );
}

function groupsOf(report: Report, place: Place, { metric, region }: Measure): ReportRow[] {
  return report.rows.filter(
    (row) =>
      row.method === place.method &&
      row.d === place.d &&
      row.l === place.l &&
      row.metric === metric.name &&
      row.region === region &&
      (row.hole !== null || row.size !== null || row.source !== null),
  );
}

/** Differences of a checkpoint from the first one, by d and l; undefined for the first one itself. */
export function differenceTable(
  report: Report,
  method: string,
  measures: readonly Measure[],
  id: string,
): Html | undefined {
  const own = report.differences.filter((row) => row.method === method);
  if (own.length === 0) return undefined;
  const places = [...new Map(own.map(({ d, l }) => [`${d} ${l}`, { d, l }])).values()];
  const body = places.map(
    ({ d, l }) => html`<tr><th scope="row">${sketchName(d)}, ${nameOfL(l)}</th>${measures.map((measure) => {
      const { metric, region } = measure;
      const row = own.find(
        (one) => one.d === d && one.l === l && one.metric === metric.name && one.region === region,
      );
      return differenceCell(measure, row);
    })}</tr>
`,
  );
  return scrolling(
    `${method} minus ${checkpointLabels(report)[0]}`,
    id,
    html`<thead><tr><th scope="col">Sketch, l</th>${measures.map(columnHead)}</tr></thead>
<tbody>${body}</tbody>`,
  );
}

function differenceCell({ metric }: Measure, row: Report['differences'][number] | undefined): Html {
  if (!row) return html`<td class="none">none</td>`;
  const { mean, low, high } = row;
  if (low === null || high === null) return html`<td>${formatDifference(mean)}</td>`;
  const wins = isBetter(metric.better, mean, 0);
  // Of two signed values the greater difference may be the better one.
  const verdict =
    metric.better !== 'zero' && low * high > 0
      ? html`<small>${wins ? 'better' : 'worse'}</small>`
      : undefined;
  const kind = verdict ? (wins ? 'wins' : 'loses') : 'even';
  return html`<td class="${kind}">${formatDifference(mean)}<small>[${formatDifference(low)}, ${formatDifference(high)}]</small>${verdict}</td>`;
}

interface HeadlineRow extends Place {
  /** Without the method: `l = 0.5`. */
  readonly label: string;
  /** True for what checkpoints are compared with: baselines and upper bounds. */
  readonly reference: boolean;
}

/** The rows of one checkpoint, or those of no checkpoint. */
interface HeadlineGroup {
  readonly name: string;
  readonly rows: readonly HeadlineRow[];
}

/** The rows that a reader looks for first: baselines, and every checkpoint at every l on its truest sketches. */
function headlineGroups(report: Report): HeadlineGroup[] {
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
        (method) => method.kind === 'true-sketch' && method.checkpoint?.sha256 === checkpoint?.sha256,
      );
      return {
        name: label,
        rows: [
          ...(bound ? [alone(bound.label.replace(`${label}: `, ''), bound.label)] : []),
          ...valuesOfL(report, label).map((l) => ({
            label: l === null ? CAPTIONS.result : `l = ${l}`,
            method: label,
            d: leastDegradation(report, label),
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
