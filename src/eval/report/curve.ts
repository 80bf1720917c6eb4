/** The chart of fidelity against realism as l grows: a line for each checkpoint and sketch. */
import {
  horizontalAxis,
  linearScale,
  linePath,
  markerPath,
  type PlotArea,
  type Scale,
  verticalAxis,
} from './chart.ts';
import { type Html, html } from './html.ts';
import type { Report, ReportRow } from './report.ts';
import {
  checkpointLabels,
  degradationsOf,
  format,
  type Measure,
  measureTitle,
  nameOfL,
  type Place,
  rowAt,
  sketchName,
  valuesOfL,
} from './select.ts';

/** Number of the style sheet's colours `series-0`, `series-1`, ...; more lines use them again. */
export const SERIES = 6;

/** A method at one l: its two means. */
interface CurvePoint {
  readonly label: string;
  readonly fidelity: ReportRow;
  readonly realism: ReportRow;
}

interface Curve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** Index of its colour: that of the checkpoint or, if there is only one, of d. */
  readonly colour: number;
  /** Index of its markers' shape: that of d. */
  readonly shape: number;
  /** Whether the l of its two ends is written beside them. */
  readonly labelled: boolean;
}

const WIDTH = 640;
const HEIGHT = 420;
const AREA: PlotArea = { left: 74, right: WIDTH - 24, top: 18, bottom: HEIGHT - 58 };

/** Better is to the right and up, whether a metric's higher or lower values are better. Undefined if there is nothing to draw. */
export function curveChart(report: Report, fidelity: Measure, realism: Measure): Html | undefined {
  const curves = [
    ...checkpointCurves(report, fidelity, realism),
    ...trueSketchCurves(report, fidelity, realism),
  ];
  const points = curves.flatMap((curve) => curve.points);
  if (points.length === 0) return undefined;
  const x = betterLast(
    points.map((point) => point.fidelity),
    fidelity,
    [AREA.left, AREA.right],
  );
  const y = betterLast(
    points.map((point) => point.realism),
    realism,
    [AREA.bottom, AREA.top],
  );
  const [across, up] = [measureTitle(fidelity), measureTitle(realism)];
  return html`<figure class="chart">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${up} against ${across}, a line for each sketch, a point for each l">
${horizontalAxis(x, AREA)}${verticalAxis(y, AREA)}<text class="axis" x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${across} (better →)</text>
<text class="axis" transform="translate(18 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)" text-anchor="middle">${up} (better →)</text>
${curves.map((curve) => drawCurve(curve, x, y))}${curves.map((curve) => drawLabels(curve, x, y))}</svg>
<figcaption><ul class="legend">${curves.map(
    (curve) =>
      html`<li><svg class="key" viewBox="-8 -8 16 16" aria-hidden="true">${marker(curve, 0, 0)}</svg> ${curve.name}</li>`,
  )}</ul></figcaption>
</figure>`;
}

/** For each checkpoint and sketch a line, through a point for each l. */
function checkpointCurves(report: Report, fidelity: Measure, realism: Measure): Curve[] {
  const methods = checkpointLabels(report);
  const several = methods.length > 1;
  return methods.flatMap((method, i) =>
    degradationsOf(report, method).map((d, k) => ({
      name: several ? `${method}, ${sketchName(d)}` : sketchName(d),
      points: valuesOfL(report, method).flatMap((l) =>
        pointAt(report, { method, d, l }, fidelity, realism, l === null ? '' : nameOfL(l)),
      ),
      colour: several ? i : k,
      shape: k,
      labelled: !several || k === 0,
    })),
  );
}

/** For each image generator given the true sketch, a single point. */
function trueSketchCurves(report: Report, fidelity: Measure, realism: Measure): Curve[] {
  const several = checkpointLabels(report).length > 1;
  const own = report.suite.sketches.degradations.length;
  return report.methods
    .filter(({ kind }) => kind === 'true-sketch')
    .map(({ label }, i) => ({
      name: label,
      points: pointAt(report, { method: label, d: null, l: null }, fidelity, realism, ''),
      colour: several ? i : own,
      shape: own,
      labelled: false,
    }));
}

/** A list of one point, or of none if one of the metrics was not measured there. */
function pointAt(
  report: Report,
  place: Place,
  fidelity: Measure,
  realism: Measure,
  label: string,
): CurvePoint[] {
  const x = rowAt(report, place, fidelity);
  const y = rowAt(report, place, realism);
  return x && y ? [{ label, fidelity: x, realism: y }] : [];
}

/** A scale over means and intervals, whose better end is the last place. */
function betterLast(
  rows: readonly ReportRow[],
  { metric }: Measure,
  [first, last]: readonly [number, number],
): Scale {
  const values = rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]);
  return linearScale(values, metric.better === 'lower' ? [last, first] : [first, last]);
}

function drawCurve(curve: Curve, x: Scale, y: Scale): Html {
  const { name, points, colour } = curve;
  const path = linePath(points.map(({ fidelity, realism }) => [x.at(fidelity.mean), y.at(realism.mean)]));
  return html`<g class="series-${colour % SERIES}"><path class="line" d="${path}"/>
${points.map(({ label, fidelity, realism }) => {
  const [px, py] = [x.at(fidelity.mean), y.at(realism.mean)];
  const values = `${name}${label ? `, ${label}` : ''}: ${format(fidelity.mean)}, ${format(realism.mean)}`;
  const across = interval(fidelity, (value) => [x.at(value), py]);
  const up = interval(realism, (value) => [px, y.at(value)]);
  return html`${across}${up}<g><title>${values}</title>${marker(curve, px, py)}</g>
`;
})}</g>
`;
}

/** The l of a line's ends. They are drawn after all lines, so that they lie on top. */
function drawLabels({ points, labelled }: Curve, x: Scale, y: Scale): Html[] {
  if (!labelled) return [];
  return points
    .filter((_, i) => i === 0 || i === points.length - 1)
    .map(
      ({ label, fidelity, realism }) =>
        html`<text class="point" x="${x.at(fidelity.mean) + 9}" y="${y.at(realism.mean) - 8}">${label}</text>
`,
    );
}

/** A bar from the lower to the upper end of a mean's interval. */
function interval(
  { low, high }: ReportRow,
  at: (value: number) => readonly [x: number, y: number],
): Html | undefined {
  if (low === null || high === null) return undefined;
  const [[x1, y1], [x2, y2]] = [at(low), at(high)];
  return html`<line class="interval" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function marker({ colour, shape }: Pick<Curve, 'colour' | 'shape'>, x: number, y: number): Html {
  return html`<path class="marker series-${colour % SERIES}" transform="translate(${x} ${y})" d="${markerPath(shape)}"/>`;
}
