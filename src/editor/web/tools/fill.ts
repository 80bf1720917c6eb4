/** Marks all inside a closed line, whether it is one of lines or a ring of hole. */
import type { Drawing } from '../drawing/drawing.ts';
import { enlarge, flood, grow } from '../drawing/rows.ts';
import { say } from '../texts/say.ts';
import { done, type Tool } from './tool.ts';

/** The inside is looked for on a copy of at most this side, px, which also closes gaps that nobody sees. */
const side = 1024;

export const fill: Tool = {
  id: 'fill',
  name: say`Fill a closed line`,
  label: say`Fill`,
  icon: 'fill',
  help: say`Press inside a closed line: all that it goes around, and it, becomes hole.`,
  cursor: 'cross',
  layer: 'hole',
  isClick: true,
  down({ drawing, sizeOf, tell }, { x, y }) {
    const { width, height } = drawing;
    if (x < 0 || y < 0 || x >= width || y >= height) return done;
    const level = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / side)));
    const factor = 2 ** level;
    const grid = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
    const walls = wallsOf(drawing, level, grid.width * grid.height);
    const first = Math.floor(y / factor) * grid.width + Math.floor(x / factor);
    if (walls[first]) return done;
    const { rows, meetsBorder } = flood(grid, first, walls);
    if (meetsBorder) {
      tell(say`There is no closed line around this place: close the gap, or draw around it with the lasso.`);
      return done;
    }
    const stroke = drawing.stroke('hole', 1);
    // The line is part of what it goes around, its corners too: outside the hole it would not count.
    const across = Math.SQRT2 * (sizeOf('lines') + 1);
    stroke.rows(grow(enlarge(rows, factor, drawing), width, factor + across));
    stroke.end();
    return done;
  },
};

/** 1 where the layers' copies have a line or hole. */
function wallsOf({ lines, hole }: Drawing, level: number, pixels: number): Uint8Array {
  const walls = new Uint8Array(pixels);
  for (const layer of [lines, hole]) {
    if (layer.isEmpty) continue;
    const { data } = layer.levels[level];
    for (let i = 0; i < pixels; i++) walls[i] |= data[i];
  }
  return walls;
}
