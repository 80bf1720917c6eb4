/** How cost grows, as a picture: for everything varied, time or throughput above and memory below. */
import { linearScale, linePath, type Point, verticalAxis } from '../src/eval/report/chart.ts';
import { Html, html } from '../src/eval/report/html.ts';
import type { Sweep, SweepPoint } from './scaling.ts';

/** What a panel shows of every point. */
interface Measure {
  readonly title: string;
  /** Its colour in the style sheet. */
  readonly name: 'time' | 'memory';
  of(point: SweepPoint): number;
}

const STEP: Measure = { title: 'seconds a step', name: 'time', of: ({ seconds }) => seconds.value };
const RATE: Measure = { title: 'images a second', name: 'time', of: (point) => point.imagesPerSecond };
const MEMORY: Measure = {
  title: 'peak memory, GB',
  name: 'memory',
  of: ({ peakBytes }) => peakBytes / 2 ** 30,
};

/** Panels of a row, and what they measure in px. */
const COLUMNS = 4;
const WIDTH = 240;
const HEIGHT = 176;
const MARGIN = { left: 46, right: 14, top: 30, bottom: 42 } as const;
/** Left free for half of the last number under a panel. */
const LABEL = 8;
/** Above every row, for what its panels are of. */
const HEADING = 32;

const STYLE = new Html(`
text { font: 12px system-ui, sans-serif; fill: #52606d }
.paper { fill: #fff }
.heading { font-size: 15px; font-weight: 600; fill: #1f2933 }
.title { font-weight: 600; fill: #323f4b }
.grid { stroke: #e4e7eb }
.line { fill: none; stroke-width: 2 }
.line.time { stroke: #0b69a3 }
.line.memory { stroke: #b44d12 }
.marker { stroke: #fff; stroke-width: 1.5 }
.marker.time { fill: #0b69a3 }
.marker.memory { fill: #b44d12 }
`);

/** An SVG file. Both axes begin at 0: what grows in proportion is a straight line from the corner. */
export function scalingPlot(sweeps: readonly Sweep[]): string {
  const rows = rowsOf(sweeps);
  const rowHeight = HEADING + 2 * HEIGHT;
  const [width, height] = [COLUMNS * WIDTH, rows.length * rowHeight];
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="How time and memory grow">
<style>${STYLE}</style>
<rect class="paper" width="${width}" height="${height}"/>
${rows.map(
  (row, r) => html`<g transform="translate(0 ${r * rowHeight})">
${row.map((sweep, column) => drawColumn(sweep, column, sweep.work !== row[column - 1]?.work))}</g>
`,
)}</svg>
`.text;
}

/** Training has rows of its own. */
function rowsOf(sweeps: readonly Sweep[]): Sweep[][] {
  const kinds = [
    sweeps.filter(({ work }) => work === 'training'),
    sweeps.filter(({ work }) => work !== 'training'),
  ];
  return kinds.flatMap((kind) =>
    Array.from({ length: Math.ceil(kind.length / COLUMNS) }, (_, i) =>
      kind.slice(i * COLUMNS, (i + 1) * COLUMNS),
    ),
  );
}

function drawColumn(sweep: Sweep, column: number, isFirst: boolean): Html {
  const { work, fixed } = sweep;
  const heading = isFirst && html`<text class="heading" x="${MARGIN.left}" y="20">${capital(work)}</text>`;
  const speed = work === 'training' ? STEP : RATE;
  return html`<g transform="translate(${column * WIDTH} 0)">${heading || undefined}
<g transform="translate(0 ${HEADING})">${drawPanel(sweep, speed, fixed)}</g>
<g transform="translate(0 ${HEADING + HEIGHT})">${drawPanel(sweep, MEMORY, fixed)}</g>
</g>
`;
}

function drawPanel({ axis, points }: Sweep, measure: Measure, fixed: string): Html {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const area = { left: MARGIN.left, right, top: MARGIN.top, bottom };
  const vertical = linearScale([0, ...points.map(measure.of)], [bottom, MARGIN.top], 4);
  const largest = Math.max(...points.map((point) => point.x));
  const x = (point: SweepPoint) => tenths(MARGIN.left + ((right - LABEL - MARGIN.left) * point.x) / largest);
  const places = points.map((point): Point => [x(point), vertical.at(measure.of(point))]);
  return html`<text class="title" x="${MARGIN.left}" y="${MARGIN.top - 12}">${measure.title}</text>
${verticalAxis(vertical, area)}${points.map(
  (point) => html`<text x="${x(point)}" y="${bottom + 16}" text-anchor="middle">${point.x}</text>
`,
)}<text x="${(MARGIN.left + right) / 2}" y="${bottom + 33}" text-anchor="middle">${axis} (${fixed})</text>
<path class="line ${measure.name}" d="${linePath(places)}"/>
${places.map(
  ([cx, cy]) => html`<circle class="marker ${measure.name}" cx="${cx}" cy="${cy}" r="4.5"/>
`,
)}`;
}

const tenths = (value: number): number => Math.round(10 * value) / 10;
const capital = (text: string): string => text[0].toUpperCase() + text.slice(1);
