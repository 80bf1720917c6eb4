/** Shadows of the key light: a depth map seen from it. */
import { cross, normalize, type Vec3 } from './geometry.ts';
import { createVisibility, rasterize } from './rasterizer.ts';

const GRID = 208;
/** Half of the map's side in decimetres, and its centre relative to the eyes. */
const REACH = 2.3;
const CENTRE: Vec3 = [0, -0.25, -0.6];

export interface ShadowMap {
  /** The share of key light, 0-1, that reaches a surface point of view space. */
  surface(x: number, y: number, z: number): number;
  /** The same for a point within hair, which dims the light gradually. */
  hair(x: number, y: number, z: number): number;
}

/**
 * @param solid view-space vertices and the triangles on them that cast shadows.
 * @param strands view-space points on hair.
 * @param hardness 0 to 1.
 */
export function createShadowMap(
  light: Vec3,
  hardness: number,
  solid: readonly { positions: Float32Array; triangles: Uint32Array }[],
  strands: Float32Array,
): ShadowMap {
  const right = normalize(cross([0, 1, 0], light));
  const up = cross(light, right);
  const toGrid = GRID / (2 * REACH);
  const u = (x: number, y: number, z: number) =>
    ((x - CENTRE[0]) * right[0] + (y - CENTRE[1]) * right[1] + (z - CENTRE[2]) * right[2] + REACH) * toGrid;
  const v = (x: number, y: number, z: number) =>
    ((x - CENTRE[0]) * up[0] + (y - CENTRE[1]) * up[1] + (z - CENTRE[2]) * up[2] + REACH) * toGrid;
  const w = (x: number, y: number, z: number) => x * light[0] + y * light[1] + z * light[2];

  const map = createVisibility(GRID, GRID);
  for (const { positions, triangles } of solid) {
    const screen = new Float32Array(positions.length);
    for (let i = 0; i < positions.length; i += 3) {
      screen[i] = u(positions[i], positions[i + 1], positions[i + 2]);
      screen[i + 1] = v(positions[i], positions[i + 1], positions[i + 2]);
      screen[i + 2] = w(positions[i], positions[i + 1], positions[i + 2]);
    }
    rasterize(map, screen, triangles, 1);
  }
  const depth = map.depth;
  for (let i = 0; i < strands.length; i += 3) {
    const x = u(strands[i], strands[i + 1], strands[i + 2]) | 0;
    const y = v(strands[i], strands[i + 1], strands[i + 2]) | 0;
    if (x < 0 || y < 0 || x >= GRID || y >= GRID) continue;
    const d = w(strands[i], strands[i + 1], strands[i + 2]);
    if (d > depth[y * GRID + x]) depth[y * GRID + x] = d;
  }

  const bias = 0.05;
  const soft = 0.22 - 0.17 * hardness;
  /** The average over 3 x 3 cells, weighted bilinearly, of how far each is in front of depth d. */
  const filtered = (x: number, y: number, d: number, scale: number): number => {
    const gx = x - 1;
    const gy = y - 1;
    const x0 = Math.floor(gx);
    const y0 = Math.floor(gy);
    if (x0 < 0 || y0 < 0 || x0 + 2 >= GRID || y0 + 2 >= GRID) return 0;
    const fx = gx - x0;
    const fy = gy - y0;
    let sum = 0;
    for (let j = 0; j < 3; j++) {
      const wy = j === 0 ? 1 - fy : j === 1 ? 1 : fy;
      const o = (y0 + j) * GRID + x0;
      for (let i = 0; i < 3; i++) {
        const wx = i === 0 ? 1 - fx : i === 1 ? 1 : fx;
        const over = (depth[o + i] - d) * scale;
        if (over > 0) sum += wx * wy * (over < 1 ? over : 1);
      }
    }
    return sum * 0.25;
  };
  return {
    surface: (x, y, z) => 1 - filtered(u(x, y, z), v(x, y, z), w(x, y, z) + bias, 1 / soft),
    hair: (x, y, z) => 1 - 0.85 * filtered(u(x, y, z), v(x, y, z), w(x, y, z) + 0.02, 1 / 0.3),
  };
}
