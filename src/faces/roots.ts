/** Scatters points on the skin, where hairs grow. */
import { norm } from './geometry.ts';
import type { HeadModel } from './head.ts';
import { hash } from './noise.ts';

/** Points on the shaped head, in its frame, three values each. */
export interface Roots {
  readonly count: number;
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  /** The same points on the resting head. */
  readonly rest: Float32Array;
}

/** How densely hair grows, 0-1, at a point of the resting head. */
export type Density = (x: number, y: number, z: number) => number;

/** @param positions @param normals the shaped head's. @param count how many to try; sparse places take fewer. */
export function scatterRoots(
  head: HeadModel,
  positions: Float32Array,
  normals: Float32Array,
  density: Density,
  count: number,
  seed: number,
): Roots {
  const rest = head.positions;
  const body = head.parts.body;
  const chosen: number[] = [];
  const peaks: number[] = [];
  const sums: number[] = [];
  let total = 0;
  const corner = cornerDensities(rest, body, density);
  for (let t = 0; t < body.length; t += 3) {
    const a = body[t] * 3;
    const b = body[t + 1] * 3;
    const c = body[t + 2] * 3;
    const x = (rest[a] + rest[b] + rest[c]) / 3;
    const y = (rest[a + 1] + rest[b + 1] + rest[c + 1]) / 3;
    const z = (rest[a + 2] + rest[b + 2] + rest[c + 2]) / 3;
    const peak = Math.max(density(x, y, z), corner[body[t]], corner[body[t + 1]], corner[body[t + 2]]);
    if (peak <= 0) continue;
    const ux = positions[b] - positions[a];
    const uy = positions[b + 1] - positions[a + 1];
    const uz = positions[b + 2] - positions[a + 2];
    const vx = positions[c] - positions[a];
    const vy = positions[c + 1] - positions[a + 1];
    const vz = positions[c + 2] - positions[a + 2];
    total += peak * norm(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
    chosen.push(t);
    peaks.push(peak);
    sums.push(total);
  }
  const out = {
    positions: new Float32Array(count * 3),
    normals: new Float32Array(count * 3),
    rest: new Float32Array(count * 3),
  };
  let kept = 0;
  let triangle = 0;
  for (let i = 0; i < count && chosen.length > 0; i++) {
    const at = ((i + hash(i, seed)) / count) * total;
    while (triangle + 1 < chosen.length && sums[triangle] < at) triangle++;
    let wa = hash(i, seed + 1);
    let wb = hash(i, seed + 2);
    if (wa + wb > 1) {
      wa = 1 - wa;
      wb = 1 - wb;
    }
    const wc = 1 - wa - wb;
    const t = chosen[triangle];
    const [a, b, c] = [body[t] * 3, body[t + 1] * 3, body[t + 2] * 3];
    const o = kept * 3;
    for (let k = 0; k < 3; k++) {
      out.rest[o + k] = wa * rest[a + k] + wb * rest[b + k] + wc * rest[c + k];
      out.positions[o + k] = wa * positions[a + k] + wb * positions[b + k] + wc * positions[c + k];
      out.normals[o + k] = wa * normals[a + k] + wb * normals[b + k] + wc * normals[c + k];
    }
    const here = density(out.rest[o], out.rest[o + 1], out.rest[o + 2]);
    if (here > hash(i, seed + 3) * peaks[triangle]) kept++;
  }
  return {
    count: kept,
    positions: out.positions.subarray(0, kept * 3),
    normals: out.normals.subarray(0, kept * 3),
    rest: out.rest.subarray(0, kept * 3),
  };
}

function cornerDensities(rest: Float32Array, body: Uint32Array, density: Density): Float32Array {
  const out = new Float32Array(rest.length / 3).fill(-1);
  for (const v of body) {
    if (out[v] < 0) out[v] = density(rest[v * 3], rest[v * 3 + 1], rest[v * 3 + 2]);
  }
  return out;
}
