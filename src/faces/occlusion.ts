/** Ambient occlusion of the resting head: how much of the sky each vertex sees. Computed once, when the head is read. */
import { vertexNormals } from './geometry.ts';
import type { HeadModel } from './head.ts';
import { createVisibility, rasterize } from './rasterizer.ts';

const DIRECTIONS = 96;
const GRID = 256;
/** Half of the grid's side and the distance by which a surface may lie behind the nearest one, in decimetres. */
const REACH = 2.6;
const BIAS = 0.035;

/** @returns for each vertex the cosine-weighted share, 0-1, of directions in which nothing is in the way. */
export function bakeOcclusion(positions: Float32Array, parts: HeadModel['parts']): Float32Array {
  const count = positions.length / 3;
  const triangles = new Uint32Array([...parts.body, ...parts.leftEye, ...parts.rightEye]);
  const normals = vertexNormals(positions, triangles);
  const seen = new Float32Array(count);
  const total = new Float32Array(count);
  const screen = new Float32Array(positions.length);
  for (let k = 0; k < DIRECTIONS; k++) {
    // A Fibonacci sphere: evenly spread directions.
    const dz = 1 - (2 * k + 1) / DIRECTIONS;
    const radius = Math.sqrt(1 - dz * dz);
    const turn = k * Math.PI * (3 - Math.sqrt(5));
    const d = [radius * Math.cos(turn), radius * Math.sin(turn), dz];
    const flat = Math.hypot(d[0], d[2]) || 1;
    const u = [d[2] / flat, 0, -d[0] / flat];
    const v = [d[1] * u[2], d[2] * u[0] - d[0] * u[2], -d[1] * u[0]];
    for (let i = 0; i < count; i++) {
      const [x, y, z] = [positions[i * 3], positions[i * 3 + 1], positions[i * 3 + 2]];
      screen[i * 3] = ((x * u[0] + y * u[1] + z * u[2]) / REACH + 1) * 0.5 * GRID;
      screen[i * 3 + 1] = ((x * v[0] + y * v[1] + z * v[2]) / REACH + 1) * 0.5 * GRID;
      screen[i * 3 + 2] = x * d[0] + y * d[1] + z * d[2];
    }
    const view = createVisibility(GRID, GRID);
    rasterize(view, screen, triangles, 1);
    for (let i = 0; i < count; i++) {
      const cosine = normals[i * 3] * d[0] + normals[i * 3 + 1] * d[1] + normals[i * 3 + 2] * d[2];
      if (cosine <= 0) continue;
      const x = Math.min(GRID - 1, Math.max(0, Math.floor(screen[i * 3])));
      const y = Math.min(GRID - 1, Math.max(0, Math.floor(screen[i * 3 + 1])));
      total[i] += cosine;
      if (screen[i * 3 + 2] + BIAS + 0.03 * (1 - cosine) > view.depth[y * GRID + x]) seen[i] += cosine;
    }
  }
  return seen.map((s, i) => (total[i] > 0 ? s / total[i] : 1));
}
