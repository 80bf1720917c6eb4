/** The distance from a point inside the skull to the head's surface, by direction: what keeps hair out of the head. */
import { norm } from './geometry.ts';
import { clamp } from './noise.ts';

const COLUMNS = 48;
const ROWS = 40;
/** Below this many crown heights the shoulders begin, which hair falls past. */
const LOWEST = -1.08;

export interface Skull {
  readonly centre: readonly [number, number, number];
  /** The surface's distance, decimetres, in the direction of that vector from the centre. */
  radius(dx: number, dy: number, dz: number): number;
}

/** @param positions the shaped head's vertices, in its frame. @param vertices which of them to use. */
export function createSkull(positions: Float32Array, vertices: Uint32Array, crown: number): Skull {
  const centre = [0, 0.22 * crown, -0.58 * crown] as const;
  const map = new Float32Array(COLUMNS * ROWS);
  for (const v of vertices) {
    if (positions[v * 3 + 1] < LOWEST * crown) continue;
    const dx = positions[v * 3] - centre[0];
    const dy = positions[v * 3 + 1] - centre[1];
    const dz = positions[v * 3 + 2] - centre[2];
    const distance = norm(dx, dy, dz);
    if (distance < 0.3) continue;
    const column = Math.floor((Math.atan2(dx, dz) / (2 * Math.PI) + 0.5) * COLUMNS) % COLUMNS;
    const row = clamp(Math.floor((Math.acos(dy / distance) / Math.PI) * ROWS), 0, ROWS - 1);
    const o = row * COLUMNS + column;
    if (distance > map[o]) map[o] = distance;
  }
  fillHoles(map);
  return {
    centre,
    radius(dx, dy, dz) {
      const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) || 1;
      const x = (Math.atan2(dx, dz) / (2 * Math.PI) + 0.5) * COLUMNS - 0.5;
      const y = clamp((Math.acos(clamp(dy / distance, -1, 1)) / Math.PI) * ROWS - 0.5, 0, ROWS - 1.001);
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const left = (x0 + COLUMNS) % COLUMNS;
      const right = (x0 + 1) % COLUMNS;
      const o = y0 * COLUMNS;
      const upper = map[o + left] + (map[o + right] - map[o + left]) * fx;
      const lower = map[o + COLUMNS + left] + (map[o + COLUMNS + right] - map[o + COLUMNS + left]) * fx;
      return upper + (lower - upper) * fy;
    },
  };
}

/** Gives cells that no vertex fell into the largest of their neighbours, until none is left. */
function fillHoles(map: Float32Array): void {
  for (let pass = 0; pass < ROWS; pass++) {
    const before = Float32Array.from(map);
    let holes = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        const o = row * COLUMNS + column;
        if (before[o] > 0) continue;
        const left = before[row * COLUMNS + ((column + COLUMNS - 1) % COLUMNS)];
        const right = before[row * COLUMNS + ((column + 1) % COLUMNS)];
        const above = row > 0 ? before[o - COLUMNS] : 0;
        const below = row + 1 < ROWS ? before[o + COLUMNS] : 0;
        map[o] = Math.max(left, right, above, below);
        if (map[o] === 0) holes++;
      }
    }
    if (holes === 0) return;
  }
}
