/** The l × d table of a metric: shades say how good a value is, among those of the same metric. */
import { type Html, html } from './html.ts';
import type { Report } from './schema.ts';
import { bestIndex, format, type Measure, measureTitle, rowAt } from './select.ts';
import { scrolling } from './table.ts';

/** Shades in the style sheet, `shade-0` to `shade-8`. */
export const SHADES = 9;

/** Rows are d, columns l. All checkpoints' maps of a metric share one scale. */
export function heatMap(report: Report, method: string, measure: Measure, methods: readonly string[]): Html {
  const { levels, sketches } = report.suite;
  const { metric } = measure;
  const valueAt = (label: string, d: number, l: number) =>
    rowAt(report, { method: label, d, l }, measure)?.mean;
  const all = methods.flatMap((label) =>
    sketches.degradations.flatMap((d) => levels.map((l) => valueAt(label, d, l))),
  );
  const known = all.filter((value) => value !== undefined);
  if (known.length === 0) return html``;
  const shade = shades(known, metric.better);
  const unit = metric.unit ? `, ${metric.unit}` : '';
  const better = metric.better === 'higher' ? 'higher is better' : 'lower is better';
  const title =
    methods.length > 1
      ? html`${measureTitle(measure)}${unit}: ${method}`
      : html`${measureTitle(measure)}${unit}`;
  return html`<table class="heat">
<caption>${title} <span class="note">${better}</span></caption>
<thead><tr><td></td>${levels.map((l) => html`<th scope="col">l = ${l}</th>`)}</tr></thead>
<tbody>${sketches.degradations.map((d) => {
    const values = levels.map((l) => valueAt(method, d, l));
    const best = bestIndex(metric, values);
    return html`<tr><th scope="row">d = ${d}</th>${values.map((value, i) => {
      if (value === undefined) return html`<td class="none">none</td>`;
      const mark = best === i && levels.length > 1;
      return html`<td class="shade-${shade(value)}${mark ? ' best' : ''}">${format(value)}${mark ? html`<span class="spoken"> best l</span>` : undefined}</td>`;
    })}</tr>
`;
  })}</tbody></table>`;
}

/** From the worst value, 0, to the best. */
function shades(values: readonly number[], better: 'higher' | 'lower'): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) return () => Math.floor(SHADES / 2);
  return (value) => {
    const share = (value - low) / (high - low);
    return Math.round((better === 'higher' ? share : 1 - share) * (SHADES - 1));
  };
}

/** For each d, the l at which each metric is best: whether rougher sketches want a higher l. */
export function bestLevels(report: Report, method: string, measures: readonly Measure[], id: string): Html {
  const { levels, sketches } = report.suite;
  const body = sketches.degradations.map(
    (d) => html`<tr><th scope="row">d = ${d}</th>${measures.map((measure) => {
      const values = levels.map((l) => rowAt(report, { method, d, l }, measure)?.mean);
      const best = bestIndex(measure.metric, values);
      return best === undefined ? html`<td class="none">none</td>` : html`<td>l = ${levels[best]}</td>`;
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
