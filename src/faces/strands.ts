/**
 * Strands: where on the skin they grow, and how they are lit and drawn, as polylines with soft edges. Hair, brows,
 * lashes, beards and spectacle frames are strands.
 */

import type { View } from './camera.ts';
import type { Rgb } from './colour.ts';
import { norm } from './geometry.ts';
import type { HeadModel } from './head.ts';
import type { ShadowMap } from './lighting.ts';
import { hash } from './noise.ts';
import type { Light } from './person.ts';
import type { Frame } from './rasterizer.ts';

/** `count` strands of `perStrand` points each. */
export interface Strands {
  readonly count: number;
  readonly perStrand: number;
  /** View-space points, three values each. */
  readonly points: Float32Array;
  /** Directions in which the hair's surface faces, three values a point. */
  readonly normals: Float32Array;
  /** Base colours, three values a strand. */
  readonly colours: Float32Array;
  /** Half of each strand's width at its root, decimetres. */
  readonly radii: Float32Array;
  readonly opacity: number;
  /** How much of its light hair reflects as highlights, 0-1. */
  readonly shine: number;
  /** Whether strands thin out towards their tips. */
  readonly tapers: boolean;
}

/** The colour of every point (Kajiya and Kay's model: a strand is darkest where it points at the light). */
export function shadeStrands(strands: Strands, light: Light, shadows: ShadowMap): Float32Array {
  const { count, perStrand, points, normals, colours, shine } = strands;
  const { key, fill, keyColour, fillColour, sky, ground } = light;
  const halfLength = Math.hypot(key[0], key[1], key[2] + 1);
  const [hx, hy, hz] = [key[0] / halfLength, key[1] / halfLength, (key[2] + 1) / halfLength];
  const out = new Float32Array(points.length);
  for (let s = 0; s < count; s++) {
    for (let j = 0; j < perStrand; j++) {
      const i = (s * perStrand + j) * 3;
      const from = j === 0 ? i : i - 3;
      const to = j === perStrand - 1 ? i : i + 3;
      let tx = points[to] - points[from];
      let ty = points[to + 1] - points[from + 1];
      let tz = points[to + 2] - points[from + 2];
      const length = 1 / Math.sqrt(tx * tx + ty * ty + tz * tz + 1e-12);
      tx *= length;
      ty *= length;
      tz *= length;
      const nx = normals[i];
      const ny = normals[i + 1];
      const nz = normals[i + 2];
      const along = tx * key[0] + ty * key[1] + tz * key[2];
      const facing = Math.max(0, (nx * key[0] + ny * key[1] + nz * key[2] + 0.35) / 1.35);
      const lit = shadows.hair(points[i], points[i + 1], points[i + 2]);
      const diffuse = (0.3 + 0.7 * Math.sqrt(Math.max(0, 1 - along * along))) * facing * lit;
      const alongFill = Math.max(0, nx * fill[0] + ny * fill[1] + nz * fill[2] + 0.3) / 1.3;
      // Highlights move a little towards the root or tip from strand to strand.
      const shift = ((s * 0.618) % 1) * 0.16 - 0.08;
      const across = tx * hx + ty * hy + tz * hz + shift;
      const glance = Math.max(0, 1 - across * across);
      const g4 = glance * glance * glance * glance;
      const g16 = g4 * g4 * g4 * g4;
      const gloss = shine * facing * lit * (0.16 * g16 + 0.05 * g4);
      const ambient = 0.35 + 0.4 * lit;
      const up = 0.5 + 0.5 * ny;
      for (let k = 0; k < 3; k++) {
        const c = colours[s * 3 + k];
        const around = (ground[k] + (sky[k] - ground[k]) * up) * ambient;
        const arriving = around + diffuse * keyColour[k] + alongFill * 0.7 * fillColour[k];
        out[i + k] = c * arriving + gloss * keyColour[k] * (0.35 + 1.6 * c);
      }
    }
  }
  return out;
}

/** Draws strands over what the frame shows, behind what is nearer. @param colours of {@link shadeStrands}. */
export function drawStrands(frame: Frame, view: View, strands: Strands, colours: Float32Array): void {
  const { count, perStrand, points, radii, opacity, tapers } = strands;
  const screen = view.project(points);
  for (let s = 0; s < count; s++) {
    const base = s * perStrand * 3;
    const root = Math.max(0.25, radii[s] * view.unit(screen[base + 2]));
    for (let j = 0; j + 1 < perStrand; j++) {
      // Wires are thick enough to show where one segment meets the next.
      if (!tapers && root > 1) drawJoint(frame, screen, colours, base + j * 3, root);
      const t = j / (perStrand - 1);
      const taper = tapers ? 1 - 0.65 * t * t : 1;
      const fade = tapers && t > 0.7 ? 1 - (t - 0.7) * 1.6 : 1;
      drawSegment(frame, screen, colours, base + j * 3, root * taper, opacity * fade);
    }
  }
}

/** A disc at point `i`. */
function drawJoint(
  frame: Frame,
  screen: Float32Array,
  colours: Float32Array,
  i: number,
  radius: number,
): void {
  const { size, depth, colour } = frame;
  const x0 = Math.max(0, Math.ceil(screen[i] - radius - 0.5));
  const x1 = Math.min(size - 1, Math.floor(screen[i] + radius - 0.5));
  const y0 = Math.max(0, Math.ceil(screen[i + 1] - radius - 0.5));
  const y1 = Math.min(size - 1, Math.floor(screen[i + 1] + radius - 0.5));
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const dx = x + 0.5 - screen[i];
      const dy = y + 0.5 - screen[i + 1];
      const o = y * size + x;
      if (dx * dx + dy * dy > radius * radius || screen[i + 2] + 0.004 < depth[o]) continue;
      for (let k = 0; k < 3; k++) colour[o * 3 + k] = colours[i + k];
      if (screen[i + 2] > depth[o]) depth[o] = screen[i + 2];
    }
  }
}

/** One segment from point `i` to the next, one column or row at a time along its longer side. */
function drawSegment(
  frame: Frame,
  screen: Float32Array,
  colours: Float32Array,
  i: number,
  halfWidth: number,
  opacity: number,
): void {
  const { size, depth, colour } = frame;
  const dx = screen[i + 3] - screen[i];
  const dy = screen[i + 4] - screen[i + 1];
  const dz = screen[i + 5] - screen[i + 2];
  const steep = Math.abs(dy) > Math.abs(dx);
  const run = steep ? dy : dx;
  if (run === 0) return;
  const start = steep ? screen[i + 1] : screen[i];
  const crossStart = steep ? screen[i] : screen[i + 1];
  const slope = (steep ? dx : dy) / run;
  const half = halfWidth * Math.sqrt(1 + slope * slope);
  const lo = Math.max(0, Math.ceil(Math.min(start, start + run) - 0.5));
  const hi = Math.min(size - 1, Math.ceil(Math.max(start, start + run) - 0.5) - 1);
  const stepMajor = steep ? size : 1;
  const stepMinor = steep ? 1 : size;
  for (let m = lo; m <= hi; m++) {
    const t = (m + 0.5 - start) / run;
    const centre = crossStart + slope * (m + 0.5 - start);
    const z = screen[i + 2] + dz * t;
    const first = Math.max(0, Math.ceil(centre - half - 1));
    const last = Math.min(size - 1, Math.floor(centre + half));
    if (last < first) continue;
    const r = colours[i] + (colours[i + 3] - colours[i]) * t;
    const g = colours[i + 1] + (colours[i + 4] - colours[i + 1]) * t;
    const b = colours[i + 2] + (colours[i + 5] - colours[i + 2]) * t;
    for (let n = first; n <= last; n++) {
      const o = m * stepMajor + n * stepMinor;
      if (z + 0.004 < depth[o]) continue;
      const cover = half + 0.5 - Math.abs(n + 0.5 - centre);
      if (cover <= 0) continue;
      const alpha = opacity * Math.min(1, cover);
      const p = o * 3;
      colour[p] += (r - colour[p]) * alpha;
      colour[p + 1] += (g - colour[p + 1]) * alpha;
      colour[p + 2] += (b - colour[p + 2]) * alpha;
      if (alpha > 0.5 && z > depth[o]) depth[o] = z;
    }
  }
}

/** The base colours of `count` strands that vary in brightness about one colour. `vary` gives each one's factor. */
export function strandColours(count: number, colour: Rgb, vary: (strand: number) => number): Float32Array {
  const out = new Float32Array(count * 3);
  for (let s = 0; s < count; s++) {
    const level = vary(s);
    for (let k = 0; k < 3; k++) out[s * 3 + k] = colour[k] * level;
  }
  return out;
}

// Scatters points on the skin, where hairs grow.

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
