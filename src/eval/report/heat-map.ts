/** The l × d table of a metric: shades say how good a value is, among those of the same metric. */
import { type Html, html } from './html.ts';
import type { Report } from './schema.ts';
import {
  bestLevelAt,
  degradationsOf,
  format,
  levelName,
  levelsOf,
  type Measure,
  measureTitle,
  rowAt,
  sketchName,
} from './select.ts';
import { scrolling } from './table.ts';

/** Shades in the style sheet, `shade-0` to `shade-8`. */
export const SHADES = 9;

/** Rows are d, columns l. All checkpoints' maps of a metric share one scale. */
export function heatMap(report: Report, method: string, measure: Measure, methods: readonly string[]): Html {
  const levels = levelsOf(report, method);
  const { metric } = measure;
  const valueAt = (label: string, d: number | null, l: number | null) =>
    rowAt(report, { method: label, d, l }, measure)?.mean;
  const all = methods.flatMap((label) =>
    degradationsOf(report, label).flatMap((d) => levelsOf(report, label).map((l) => valueAt(label, d, l))),
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
<thead><tr><td></td>${levels.map((l) => html`<th scope="col">${levelName(l)}</th>`)}</tr></thead>
<tbody>${degradationsOf(report, method).map((d) => {
    const best = levels.length > 1 ? bestLevelAt(report, method, d, measure) : undefined;
    return html`<tr><th scope="row">${sketchName(d)}</th>${levels.map((l) => {
      const value = valueAt(method, d, l);
      if (value === undefined) return html`<td class="none">none</td>`;
      const ground = `shade-${shade(value)}`;
      if (!best || best.l !== l) return html`<td class="${ground}">${format(value)}</td>`;
      const [frame, told] = best.clear === false ? ['unclear', 'best l, not clearly'] : ['best', 'best l'];
      return html`<td class="${ground} ${frame}">${format(value)}<span class="spoken"> ${told}</span></td>`;
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
  const { sketches } = report.suite;
  const body = sketches.degradations.map(
    (d) => html`<tr><th scope="row">d = ${d}</th>${measures.map((measure) => {
      const best = bestLevelAt(report, method, d, measure);
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
