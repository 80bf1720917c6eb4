/** The d × l table of a metric. Shades say how good a value is among those of the same metric. */
import { scaleLinear } from 'd3-scale';
import { goodness, wordsFor } from '../metrics/metric.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';
import {
  bestLAt,
  degradationsOf,
  format,
  type Measure,
  measureTitle,
  nameOfL,
  rowAt,
  sketchName,
  valuesOfL,
} from './select.ts';
import { scrolling } from './tables.ts';

/** Number of the style sheet's shades: `shade-0` is the worst, `shade-8` the best. */
export const SHADES = 9;

/** A row for each d, a column for each l. The maps of all `methods` share one scale of shades. */
export function heatMap(report: Report, method: string, measure: Measure, methods: readonly string[]): Html {
  const { metric } = measure;
  const valueAt = (label: string, d: number | null, l: number | null) =>
    rowAt(report, { method: label, d, l }, measure)?.mean;
  const values = methods
    .flatMap((label) =>
      degradationsOf(report, label).flatMap((d) => valuesOfL(report, label).map((l) => valueAt(label, d, l))),
    )
    .filter((value) => value !== undefined);
  if (values.length === 0) return html``;
  const worth = (value: number) => goodness(metric.better, value);
  const shade = scaleLinear()
    .domain([Math.min(...values.map(worth)), Math.max(...values.map(worth))])
    .rangeRound([0, SHADES - 1]);
  const unit = metric.unit ? `, ${metric.unit}` : '';
  const title = html`${measureTitle(measure)}${unit}${methods.length > 1 ? `: ${method}` : ''}`;
  const columns = valuesOfL(report, method);
  return html`<table class="heat">
<caption>${title} <span class="note">${wordsFor(metric.better)}</span></caption>
<thead><tr><td></td>${columns.map((l) => html`<th scope="col">${nameOfL(l)}</th>`)}</tr></thead>
<tbody>${degradationsOf(report, method).map((d) => {
    const best = columns.length > 1 ? bestLAt(report, method, d, measure) : undefined;
    return html`<tr><th scope="row">${sketchName(d)}</th>${columns.map((l) => {
      const value = valueAt(method, d, l);
      if (value === undefined) return html`<td class="none">none</td>`;
      const ground = `shade-${shade(worth(value))}`;
      if (best?.l !== l) return html`<td class="${ground}">${format(value)}</td>`;
      const [frame, spoken] = best.clear === false ? ['unclear', 'best l, not clearly'] : ['best', 'best l'];
      return html`<td class="${ground} ${frame}">${format(value)}<span class="spoken"> ${spoken}</span></td>`;
    })}</tr>
`;
  })}</tbody></table>`;
}

/** For each d, the l at which each metric is best: it shows whether rougher sketches want a higher l. */
export function bestLTable(report: Report, method: string, measures: readonly Measure[], id: string): Html {
  const body = report.suite.sketches.degradations.map(
    (d) => html`<tr><th scope="row">d = ${d}</th>${measures.map((measure) => {
      const best = bestLAt(report, method, d, measure);
      if (!best) return html`<td class="none">none</td>`;
      return best.clear === false
        ? html`<td class="none">l = ${best.l} ?</td>`
        : html`<td>l = ${best.l}</td>`;
    })}</tr>
`,
  );
  const heads = measures.map(({ metric }) => html`<th scope="col">${metric.title}</th>`);
  return scrolling(
    `The best l for each sketch: ${method}`,
    id,
    html`<thead><tr><th scope="col">Sketch</th>${heads}</tr></thead>
<tbody>${body}</tbody>`,
  );
}
