/** The curve of fidelity against realism as l moves: a line for each sketch and checkpoint. */
import { formatTick, makeAxis } from './axis.ts';
import { type Html, html } from './html.ts';
import type { Report, ReportRow } from './schema.ts';
import {
  checkpointLabels,
  degradationsOf,
  format,
  levelName,
  levelsOf,
  type Measure,
  measureTitle,
  rowAt,
  sketchName,
} from './select.ts';

/** Colours in the style sheet, `series-0` to `series-5`; more lines begin again. */
export const SERIES = 6;

interface Point {
  readonly label: string;
  readonly x: ReportRow;
  readonly y: ReportRow;
}

interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** Index of its colour: that of the checkpoint, or of d where there is but one. */
  readonly colour: number;
  /** Index of its marker's shape: that of d. */
  readonly shape: number;
  /** Whether its ends say which l they are. */
  readonly labelled: boolean;
}

const WIDTH = 640;
const HEIGHT = 420;
const MARGIN = { left: 74, right: 24, top: 18, bottom: 58 };

/** Better is right and up, whatever a metric's direction. Undefined where a metric was not measured. */
export function curve(report: Report, fidelity: Measure, realism: Measure): Html | undefined {
  const { sketches } = report.suite;
  const labels = checkpointLabels(report);
  const several = labels.length > 1;
  const lines: Line[] = labels.flatMap((method, i) =>
    degradationsOf(report, method).map((d, k) => ({
      name: several ? `${method}, ${sketchName(d)}` : sketchName(d),
      points: levelsOf(report, method).flatMap((l) =>
        pointAt(report, { method, d, l }, fidelity, realism, l === null ? '' : levelName(l)),
      ),
      colour: several ? i : k,
      shape: k,
      labelled: !several || k === 0,
    })),
  );
  const references: Line[] = report.methods
    .filter(({ kind }) => kind === 'true-sketch')
    .map(({ label }, i) => ({
      name: label,
      points: pointAt(report, { method: label, d: null, l: null }, fidelity, realism, ''),
      colour: several ? i : sketches.degradations.length,
      shape: sketches.degradations.length,
      labelled: false,
    }));
  const points = [...lines, ...references].flatMap((line) => line.points);
  if (points.length === 0) return undefined;
  const x = scale(
    points.map((point) => point.x),
    fidelity,
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const y = scale(
    points.map((point) => point.y),
    realism,
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  );
  const draw = (line: Line) => drawLine(line, x.at, y.at);
  const name = `${measureTitle(realism)} against ${measureTitle(fidelity)}, a line for each sketch, a point for each l`;
  return html`<figure class="chart">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">
${x.axis.ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}"/>
<text class="tick" x="${x.at(tick)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${formatTick(tick, x.axis.step)}</text>
`,
)}${y.axis.ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>
<text class="tick" x="${MARGIN.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${formatTick(tick, y.axis.step)}</text>
`,
)}<text class="axis" x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${measureTitle(fidelity)} (better →)</text>
<text class="axis" transform="translate(18 ${(MARGIN.top + HEIGHT - MARGIN.bottom) / 2}) rotate(-90)" text-anchor="middle">${measureTitle(realism)} (better →)</text>
${lines.map(draw)}${references.map(draw)}${lines.map((line) => drawLabels(line, x.at, y.at))}</svg>
<figcaption><ul class="legend">${[...lines, ...references].map(
    (line) =>
      html`<li><svg class="key" viewBox="-8 -8 16 16" aria-hidden="true">${marker(line, 0, 0)}</svg> ${line.name}</li>`,
  )}</ul></figcaption>
</figure>`;
}

function pointAt(
  report: Report,
  place: Parameters<typeof rowAt>[1],
  fidelity: Measure,
  realism: Measure,
  label: string,
): Point[] {
  const x = rowAt(report, place, fidelity);
  const y = rowAt(report, place, realism);
  return x && y ? [{ label, x, y }] : [];
}

/** Places of values between two px, the better end second; intervals fit in. */
function scale(rows: readonly ReportRow[], { metric }: Measure, [from, to]: readonly [number, number]) {
  const axis = makeAxis(rows.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]));
  const at = (value: number) => {
    const place = axis.place(value);
    return Math.round(10 * (from + (to - from) * (metric.better === 'higher' ? place : 1 - place))) / 10;
  };
  return { axis, at };
}

function drawLine(line: Line, x: (value: number) => number, y: (value: number) => number): Html {
  const { name, points, colour } = line;
  const path = points
    .map((point, k) => `${k === 0 ? 'M' : 'L'}${x(point.x.mean)} ${y(point.y.mean)}`)
    .join('');
  return html`<g class="series-${colour % SERIES}"><path class="line" d="${path}"/>
${points.map((point) => {
  const [px, py] = [x(point.x.mean), y(point.y.mean)];
  const told = `${name}${point.label ? `, ${point.label}` : ''}: ${format(point.x.mean)}, ${format(point.y.mean)}`;
  return html`${bar(point.x, (v) => [x(v), py])}${bar(point.y, (v) => [px, y(v)])}<g><title>${told}</title>${marker(line, px, py)}</g>
`;
})}</g>
`;
}

/** What l the ends of a line are; drawn above all lines. */
function drawLabels(
  { points, labelled }: Line,
  x: (value: number) => number,
  y: (value: number) => number,
): Html[] {
  return points
    .filter((_, i) => labelled && (i === 0 || i === points.length - 1))
    .map(
      (point) =>
        html`<text class="point" x="${x(point.x.mean) + 9}" y="${y(point.y.mean) - 8}">${point.label}</text>
`,
    );
}

/** The interval of a value. */
function bar({ low, high }: ReportRow, at: (value: number) => readonly [number, number]): Html | undefined {
  if (low === null || high === null) return undefined;
  const [[x1, y1], [x2, y2]] = [at(low), at(high)];
  return html`<line class="interval" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** Shapes differ where colours cannot be told apart. */
function marker({ colour, shape }: Pick<Line, 'colour' | 'shape'>, x: number, y: number): Html {
  const paths = [
    'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z',
    'M-4.5 -4.5H4.5V4.5H-4.5Z',
    'M0 -6L5.5 4.5H-5.5Z',
    'M0 -6.5L6.5 0L0 6.5L-6.5 0Z',
    'M0 6L5.5 -4.5H-5.5Z',
    'M-2 -6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z',
  ];
  return html`<path class="marker series-${colour % SERIES}" transform="translate(${x} ${y})" d="${paths[shape % paths.length]}"/>`;
}
