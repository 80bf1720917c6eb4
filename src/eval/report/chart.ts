/** What charts in SVG are drawn with: scales, axes, lines and markers. */
import { scaleLinear } from 'd3-scale';
import {
  line,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond2,
  symbolSquare,
  symbolStar,
  symbolTriangle,
} from 'd3-shape';
import { type Html, html } from './html.ts';

/** The plot's area in its SVG, px. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Scale {
  /** The place of a value, px. */
  at(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

export type Point = readonly [x: number, y: number];

/** A scale from the first place to the last, px, with about `count` ticks. It begins and ends at round numbers around all values. */
export function linearScale(
  values: readonly number[],
  places: readonly [first: number, last: number],
  count = 5,
): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = low === high ? Math.abs(low) / 10 || 1 : 0;
  const scale = scaleLinear([low - margin, high + margin], places).nice(count);
  const label = scale.tickFormat(count);
  const at = (value: number) => tenths(scale(value));
  return { at, ticks: scale.ticks(count).map((tick) => ({ at: at(tick), label: label(tick) })) };
}

/** Vertical grid lines, with their numbers below. */
export function horizontalAxis({ ticks }: Scale, { top, bottom }: PlotArea): Html {
  return html`${ticks.map(
    ({ at, label }) => html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>
<text class="tick" x="${at}" y="${bottom + 18}" text-anchor="middle">${label}</text>
`,
  )}`;
}

/** Horizontal grid lines, with their numbers on the left. */
export function verticalAxis({ ticks }: Scale, { left, right }: PlotArea): Html {
  return html`${ticks.map(
    ({ at, label }) => html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>
<text class="tick" x="${left - 8}" y="${at + 4}" text-anchor="end">${label}</text>
`,
  )}`;
}

/** The path of a line through points. */
export const linePath = (points: readonly Point[]): string =>
  line().digits(1)(points.map(([x, y]) => [x, y])) ?? '';

/** The path of a marker around the origin. Shapes tell lines apart whose colours cannot be told apart; after six they repeat. */
export function markerPath(shape: number): string {
  const shapes = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond2, symbolStar, symbolCross];
  return symbol(shapes[shape % shapes.length], MARKER_AREA).digits(1)() ?? '';
}

/** Of a marker, px². */
const MARKER_AREA = 80;

const tenths = (value: number): number => Math.round(10 * value) / 10;
