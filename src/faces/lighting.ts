/** Light on a matt surface, shared by skin, cloth and hats, and the shadows of the key light. */

import { cross, normalize, type Vec3 } from './geometry.ts';
import type { Light } from './person.ts';
import { createVisibility, rasterize } from './rasterizer.ts';

/**
 * Writes the light that falls on a surface into `out`.
 * @param wrap how far, per channel, light bleeds past the terminator, as in skin (0 for a plain matt surface).
 * @param shadow the share of key light that arrives; @param occlusion the share of ambient light.
 */
export function irradiance(
  light: Light,
  nx: number,
  ny: number,
  nz: number,
  wrap: readonly [number, number, number],
  shadow: number,
  occlusion: number,
  out: Float32Array,
): void {
  const { key, fill, keyColour, fillColour, sky, ground } = light;
  const k = nx * key[0] + ny * key[1] + nz * key[2];
  const f = nx * fill[0] + ny * fill[1] + nz * fill[2];
  const up = 0.5 + 0.5 * ny;
  for (let c = 0; c < 3; c++) {
    const w = wrap[c];
    const kd = (k + w) / (1 + w);
    const fd = (f + w) / (1 + w);
    // Light that wraps comes through the surface: a cast shadow's edge lets it pass too.
    const lit = shadow + (1 - shadow) * w * 0.35;
    let sum = (ground[c] + (sky[c] - ground[c]) * up) * occlusion;
    if (kd > 0) sum += kd * keyColour[c] * lit;
    if (fd > 0) sum += fd * fillColour[c] * (0.4 + 0.6 * occlusion);
    out[c] = sum;
  }
}

// Shadows of the key light: a depth map seen from it.

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
 * @param strands hair in view space that casts shadows.
 * @param hardness 0 to 1.
 */
export function createShadowMap(
  light: Vec3,
  hardness: number,
  solid: readonly { positions: Float32Array; triangles: Uint32Array }[],
  strands: readonly { points: Float32Array; perStrand: number }[],
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
  /** Raises 2 x 2 cells to that depth. */
  const splat = (gx: number, gy: number, d: number) => {
    const x = gx | 0;
    const y = gy | 0;
    if (x < 0 || y < 0 || x + 1 >= GRID || y + 1 >= GRID) return;
    const o = y * GRID + x;
    if (d > depth[o]) depth[o] = d;
    if (d > depth[o + 1]) depth[o + 1] = d;
    if (d > depth[o + GRID]) depth[o + GRID] = d;
    if (d > depth[o + GRID + 1]) depth[o + GRID + 1] = d;
  };
  for (const { points, perStrand } of strands) {
    // Every other strand is enough; along it, gaps would let light through in dots.
    for (let first = 0; first < points.length; first += perStrand * 6) {
      for (let i = first; i < first + (perStrand - 1) * 3; i += 3) {
        const x = u(points[i], points[i + 1], points[i + 2]);
        const y = v(points[i], points[i + 1], points[i + 2]);
        const d = w(points[i], points[i + 1], points[i + 2]);
        const dx = u(points[i + 3], points[i + 4], points[i + 5]) - x;
        const dy = v(points[i + 3], points[i + 4], points[i + 5]) - y;
        const dd = w(points[i + 3], points[i + 4], points[i + 5]) - d;
        const steps = Math.ceil(Math.max(Math.abs(dx), Math.abs(dy)) / 1.5) || 1;
        for (let k = 0; k < steps; k++)
          splat(x + (dx * k) / steps, y + (dy * k) / steps, d + (dd * k) / steps);
      }
    }
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
        if (over > 0) sum += wx * wy * Math.min(1, over);
      }
    }
    return sum * 0.25;
  };
  return {
    surface: (x, y, z) => 1 - filtered(u(x, y, z), v(x, y, z), w(x, y, z) + bias, 1 / soft),
    hair: (x, y, z) => 1 - 0.85 * filtered(u(x, y, z), v(x, y, z), w(x, y, z) + 0.02, 1 / 0.3),
  };
}
