/** Tables of a report. */

import { headlineGroups } from './headline.ts';
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
  levelName,
  levelsOf,
  type Measure,
  measureTitle,
  type Place,
  rowAt,
  sketchName,
  truestOf,
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

/** A table that scrolls by itself where it is wider than the page. */
export function scrolling(caption: Html | string, id: string, content: Html): Html {
  return html`<p class="caption" id="${id}">${caption}</p>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}"><table class="numbers" aria-labelledby="${id}">
${content}</table></div>`;
}

/** Baselines and checkpoints by metric; the best of the checkpoints' values at any l stand out. */
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

/** @param images as many as have a value if nothing is said. */
function valueCell(row: ReportRow | undefined, images: number): Html {
  if (!row) return html`<span class="none">none</span>`;
  const interval = formatInterval(row);
  return html`${format(row.mean)}${interval ? html`<small>${interval}</small>` : undefined}${
    row.count === images ? undefined : html`<small>of ${row.count}</small>`
  }`;
}

/** One metric by kind and size of hole and by l, at the truest sketches; undefined where images do not differ in either. */
export function groupTable(report: Report, method: string, measure: Measure, id: string): Html | undefined {
  const levels = levelsOf(report, method);
  const d = truestOf(report, method);
  const groups = groupsOf(report, { method, d, l: levels[0] ?? null }, measure);
  if (groups.length === 0) return undefined;
  const body = groups.map((group) => {
    const found = levels.map((l) => rowAt(report, { method, d, l }, measure, group));
    const best = bestIndex(
      measure.metric,
      found.map((row) => row?.mean),
    );
    const name = group.hole ?? `${formatSize(group.size!)} of the image`;
    return html`<tr><th scope="row">${name}</th><td>${group.count}</td>${found.map(
      (row, i) =>
        html`<td${best === i ? html` class="best"` : undefined}>${valueCell(row, group.count)}</td>`,
    )}</tr>
`;
  });
  return scrolling(
    html`${measureTitle(measure)}: ${method}, ${sketchName(d)} ${arrow(measure)}`,
    id,
    html`<thead><tr><th scope="col">Hole</th><th scope="col">Images</th>${levels.map(
      (l) => html`<th scope="col">${levelName(l)}</th>`,
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
      (row.hole !== null || row.size !== null),
  );
}

/** Differences of a checkpoint to the first, by d and l; undefined for the first itself. */
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
    ({ d, l }) => html`<tr><th scope="row">${sketchName(d)}, ${levelName(l)}</th>${measures.map((measure) => {
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
    html`<thead><tr><th scope="col">Sketch, level</th>${measures.map(columnHead)}</tr></thead>
<tbody>${body}</tbody>`,
  );
}

function differenceCell({ metric }: Measure, row: Report['differences'][number] | undefined): Html {
  if (!row) return html`<td class="none">none</td>`;
  const { mean, low, high } = row;
  if (low === null || high === null) return html`<td>${formatDifference(mean)}</td>`;
  const wins = isBetter(metric, mean, 0);
  const verdict = low * high > 0 ? html`<small>${wins ? 'better' : 'worse'}</small>` : undefined;
  const kind = verdict ? (wins ? 'wins' : 'loses') : 'even';
  return html`<td class="${kind}">${formatDifference(mean)}<small>[${formatDifference(low)}, ${formatDifference(high)}]</small>${verdict}</td>`;
}
