/** `study.svg`: quality by roughness of the sketch, a line for each baseline and for the studied method at some l. */
import {
  horizontalAxis,
  linearScale,
  linePath,
  markerPath,
  type PlotArea,
  type Point,
  verticalAxis,
} from '../eval/report/chart.ts';
import { Html, html } from '../eval/report/html.ts';
import { measureTitle } from '../eval/report/select.ts';
import type { Contender, Contest, Measured } from './compare.ts';

const WIDTH = 820;
const HEIGHT = 440;
const AREA: PlotArea = { left: 74, right: 590, top: 20, bottom: HEIGHT - 56 };
const LEGEND = { x: AREA.right + 34, y: AREA.top + 14, row: 24 };

/** So far lines are apart sideways, so that their intervals can be told apart, px. */
const APART = 4;

/** Of Okabe and Ito, darkened: the studied method's first. They repeat where there are more methods. */
const COLOURS = ['#0060a8', '#b34a00', '#00785a', '#8c3a77', '#6b5900', '#3d3d3d'];

const STYLE = new Html(`
text { font: 13px system-ui, sans-serif; fill: #3d434c }
.paper { fill: #fff }
.axis { font-weight: 600 }
.grid { stroke: #e0e3e8 }
.line { fill: none; stroke-width: 1.5 }
.studied .line { stroke-dasharray: 5 4 }
.chosen .line { stroke-width: 3.5; stroke-dasharray: none }
.interval { stroke-width: 1.5; opacity: .5 }
.marker { stroke: #fff; stroke-width: 1 }
${COLOURS.map((colour, i) => `.c${i} .line, .c${i} .interval { stroke: ${colour} } .c${i} .marker { fill: ${colour} }`).join('\n')}
`);

interface Line {
  readonly contender: Contender;
  readonly colour: number;
  readonly shape: number;
  readonly kind: string;
}

/** An SVG file. */
export function studyPlot(measured: Measured, contest: Contest): string {
  const { quality, ds } = contest;
  const curves = linesOf(contest).map((line, i, all) => ({
    ...line,
    shift: APART * (i - (all.length - 1) / 2),
    points: ds.flatMap((d) => {
      const estimate = measured.estimate(quality, [[1, line.contender.at(d)]]);
      return estimate ? [{ d, ...estimate }] : [];
    }),
  }));
  const margin = APART * curves.length;
  const x = linearScale(ds, [AREA.left + margin, AREA.right - margin]);
  const values = curves.flatMap(({ points }) =>
    points.flatMap(({ mean, low, high }) => [mean, low ?? mean, high ?? mean]),
  );
  const y = linearScale(values, [AREA.bottom, AREA.top]);
  const title = measureTitle(quality);
  const good = quality.metric.better === 'lower' ? '← better' : 'better →';
  const drawn = curves.map(({ contender, colour, shape, kind, shift, points }) => {
    const places = points.map(({ d, mean }): Point => [x.at(d) + shift, y.at(mean)]);
    return html`<g class="${kind} c${colour}"><title>${contender.name}</title><path class="line" d="${linePath(places)}"/>
${points.map(({ low, high }, i) =>
  low === null || high === null
    ? undefined
    : html`<line class="interval" x1="${places[i][0]}" x2="${places[i][0]}" y1="${y.at(low)}" y2="${y.at(high)}"/>`,
)}
${places.map(([px, py]) => html`<path class="marker" transform="translate(${px} ${py})" d="${markerPath(shape)}"/>`)}</g>
`;
  });
  const legend = curves.map(({ contender, colour, shape, kind }, i) => {
    const row = LEGEND.y + i * LEGEND.row;
    const path = linePath([
      [LEGEND.x - 18, row],
      [LEGEND.x + 18, row],
    ]);
    return html`<g class="${kind} c${colour}"><path class="line" d="${path}"/><path class="marker" transform="translate(${LEGEND.x} ${row})" d="${markerPath(shape)}"/><text x="${LEGEND.x + 28}" y="${row + 4}">${contender.name}</text></g>
`;
  });
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title} by roughness d of the sketch">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>
${horizontalAxis(x, AREA)}${verticalAxis(y, AREA)}<text class="axis" x="${(AREA.left + AREA.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">d, how rough the sketch is</text>
<text class="axis" transform="translate(18 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)" text-anchor="middle">${title} (${good})</text>
${drawn}${legend}</svg>
`.text;
}

/** The studied method has one colour, whatever its l; baselines have one each. */
function linesOf({ chosen, studied, ls, baselines }: Contest): Line[] {
  const some = [...new Set([ls[0], ls[Math.floor(ls.length / 2)], ls[ls.length - 1]])];
  return [
    { contender: chosen, colour: 0, shape: 0, kind: 'chosen' },
    ...some.map((l, i) => ({ contender: studied(l), colour: 0, shape: i + 1, kind: 'studied' })),
    ...baselines.map((contender, i) => ({
      contender,
      colour: 1 + (i % (COLOURS.length - 1)),
      shape: i,
      kind: 'baseline',
    })),
  ];
}
