/** Tables of a report. */

import { headlineRows } from './headline.ts';
import { type Html, html } from './html.ts';
import type { Report, ReportRow } from './schema.ts';
import {
  bestIndex,
  checkpointLabels,
  format,
  formatDifference,
  formatInterval,
  formatSize,
  isBetter,
  type Measure,
  measureTitle,
  rowAt,
} from './select.ts';

const arrow = ({ metric }: Measure): Html =>
  metric.better === 'higher'
    ? html`<span class="better" title="higher is better">↑<span class="spoken"> higher is better</span></span>`
    : html`<span class="better" title="lower is better">↓<span class="spoken"> lower is better</span></span>`;

function columnHead(measure: Measure): Html {
  const { metric } = measure;
  const unit = metric.unit ? html` <span class="unit">${metric.unit}</span>` : undefined;
  return html`<th scope="col">${metric.title}${unit} ${arrow(measure)}</th>`;
}

/** Baselines and checkpoints by metric; the best of the checkpoints' values stand out. */
export function headlineTable(report: Report, measures: readonly Measure[], caption: string): Html {
  const rows = headlineRows(report);
  const kindOf = new Map(report.methods.map(({ label, kind }) => [label, kind]));
  const isOwn = rows.map(({ method }) => kindOf.get(method) === 'checkpoint');
  const columns = measures.map((measure) => {
    const found = rows.map((row) => rowAt(report, row, measure));
    const best = bestIndex(
      measure.metric,
      found.map((row, i) => (isOwn[i] ? row?.mean : undefined)),
    );
    return { found, best };
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="numbers">
<caption>${caption}</caption>
<thead><tr><th scope="col">Method</th>${measures.map(columnHead)}</tr></thead>
<tbody>${rows.map(
    (
      row,
      i,
    ) => html`<tr class="${isOwn[i] ? 'own' : 'baseline'}"><th scope="row">${row.label}</th>${columns.map(
      ({ found, best }) =>
        html`<td${best === i ? html` class="best"` : undefined}>${valueCell(found[i])}</td>`,
    )}</tr>
`,
  )}</tbody></table></div>`;
}

function valueCell(row: ReportRow | undefined): Html {
  if (!row) return html`<span class="none">none</span>`;
  const interval = formatInterval(row);
  return html`${format(row.mean)}${interval ? html`<small>${interval}</small>` : undefined}`;
}

/** One metric by kind and size of hole and by l, at the truest sketches; undefined where images do not differ in either. */
export function groupTable(report: Report, method: string, measure: Measure): Html | undefined {
  const { levels, sketches } = report.suite;
  const d = Math.min(...sketches.degradations);
  const groups = groupsOf(report, method, measure, d);
  if (groups.length === 0) return undefined;
  const caption = `${measureTitle(measure)}: ${method}, d = ${d}`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="numbers">
<caption>${caption} ${arrow(measure)}</caption>
<thead><tr><th scope="col">Hole</th><th scope="col">Images</th>${levels.map(
    (l) => html`<th scope="col">l = ${l}</th>`,
  )}</tr></thead>
<tbody>${groups.map((group) => {
    const found = levels.map((l) => rowAt(report, { method, d, l }, measure, group));
    const best = bestIndex(
      measure.metric,
      found.map((row) => row?.mean),
    );
    const name = group.hole ?? `${formatSize(group.size!)} of the image`;
    return html`<tr><th scope="row">${name}</th><td>${group.count}</td>${found.map(
      (row, i) => html`<td${best === i ? html` class="best"` : undefined}>${valueCell(row)}</td>`,
    )}</tr>
`;
  })}</tbody></table></div>`;
}

function groupsOf(report: Report, method: string, { metric, region }: Measure, d: number): ReportRow[] {
  const l = report.suite.levels[0]!;
  return report.rows.filter(
    (row) =>
      row.method === method &&
      row.d === d &&
      row.l === l &&
      row.metric === metric.name &&
      row.region === region &&
      (row.hole !== null || row.size !== null),
  );
}

/** Differences of a checkpoint to the first, by d and l; undefined for the first itself. */
export function differenceTable(
  report: Report,
  method: string,
  measures: readonly Measure[],
): Html | undefined {
  const own = report.differences.filter((row) => row.method === method);
  if (own.length === 0) return undefined;
  const caption = `${method} minus ${checkpointLabels(report)[0]!}`;
  const { sketches, levels } = report.suite;
  const places = sketches.degradations.flatMap((d) => levels.map((l) => ({ d, l })));
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="numbers">
<caption>${caption}</caption>
<thead><tr><th scope="col">Sketch, level</th>${measures.map(columnHead)}</tr></thead>
<tbody>${places.map(
    ({ d, l }) => html`<tr><th scope="row">d = ${d}, l = ${l}</th>${measures.map(({ metric, region }) => {
      const row = own.find(
        (one) => one.d === d && one.l === l && one.metric === metric.name && one.region === region,
      );
      if (!row) return html`<td><span class="none">none</span></td>`;
      const known = row.low !== null && row.high !== null && row.low * row.high > 0;
      const verdict = known ? (isBetter(metric, row.mean, 0) ? 'wins' : 'loses') : 'even';
      const sign = { wins: ' better', loses: ' worse', even: '' }[verdict];
      const interval =
        row.low === null || row.high === null
          ? undefined
          : html`<small>[${formatDifference(row.low)}, ${formatDifference(row.high)}]</small>`;
      return html`<td class="${verdict}">${formatDifference(row.mean)}${interval}<small>${sign}</small></td>`;
    })}</tr>
`,
  )}</tbody></table></div>`;
}
