/** Guide strands: a few that follow the comb, gravity and the skull, one for each lock of hair. */
import { norm } from './geometry.ts';
import type { Style } from './hair-styles.ts';
import { hash, signedHash, smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import type { Roots } from './roots.ts';
import type { Skull } from './skull.ts';

/** Every so many roots one is a guide's. */
export const FOLLOWERS = 9;

export interface Guides {
  count: number;
  points: Float32Array;
  /** Which side of the parting each grows on. */
  sides: Int8Array;
}

/** The direction in which the comb draws hair at `p` (the head's frame), not normalised, into `out`. */
function comb(
  style: Style,
  person: Person,
  p: Float32Array,
  normal: Float32Array,
  side: number,
  fringe: number,
  crown: number,
  out: Float32Array,
): void {
  if (fringe > 0) {
    out[0] = p[0] * 0.5 + person.hair.part * 0.8;
    out[1] = -0.2;
    out[2] = 1;
  } else if (style.comb === 'whorl') {
    out[0] = p[0] - 0.1 * side;
    out[1] = p[1] - crown * 0.98;
    out[2] = p[2] + 0.92 * crown;
  } else if (style.comb === 'part') {
    const back = smoothstep(-0.4, -1.2, p[2]);
    out[0] = side * (1.2 - 0.8 * back);
    out[1] = 0;
    out[2] = -0.25 - 0.5 * back;
  } else if (style.comb === 'side') {
    out[0] = side * 1.1;
    out[1] = -0.25 * smoothstep(0.4, 0.7, Math.abs(p[0]));
    out[2] = -0.35;
  } else if (style.comb === 'back') {
    out[0] = p[0] * 0.25;
    out[1] = -0.12;
    out[2] = -1;
  } else if (style.comb === 'bun') {
    out[0] = -p[0];
    out[1] = 0.75 * crown - p[1];
    out[2] = -1.5 * crown - p[2];
  } else {
    for (let k = 0; k < 3; k++) out[k] = normal[k];
  }
  const length = norm(out[0], out[1], out[2]) || 1;
  for (let k = 0; k < 3; k++) out[k] /= length;
}

/** @returns the guides in the head's frame, `style.points` points each; guide g grows from root g * FOLLOWERS. */
export function growGuides(person: Person, style: Style, roots: Roots, skull: Skull, crown: number): Guides {
  const { hair, seed } = person;
  const count = Math.ceil(roots.count / FOLLOWERS);
  const n = style.points;
  const points = new Float32Array(count * n * 3);
  const sides = new Int8Array(count);
  const p = new Float32Array(3);
  const d = new Float32Array(3);
  const way = new Float32Array(3);
  const size = crown / 1.2;
  for (let g = 0; g < count; g++) {
    const r = g * FOLLOWERS * 3;
    const normal = roots.normals.subarray(r, r + 3);
    for (let k = 0; k < 3; k++) {
      p[k] = roots.positions[r + k];
      d[k] = normal[k];
    }
    const [rx, ry, rz] = [roots.rest[r], roots.rest[r + 1], roots.rest[r + 2]];
    const side = rx + 0.06 * signedHash(g, seed + 5) > hair.part ? 1 : -1;
    sides[g] = side;
    const layer = hash(g, seed + 6);
    const fringed = Math.max(style.fringe, hair.fringe);
    const fringe = fringed > 0 && rz > -0.35 && ry > 0.55 && Math.abs(rx) < 0.5 ? fringed : 0;
    let length = style.length * size * (style.cut === undefined ? hair.length : 1) * (0.8 + 0.35 * layer);
    if (fringe > 0) length = (0.35 + 0.35 * fringe) * size * (0.9 + 0.2 * layer);
    // Short cuts are shorter at the sides and the neck.
    else if (style.length < 0.7 && style.comb !== 'out')
      length *= 0.12 + 0.28 * smoothstep(-0.6, -0.2, ry) + 0.6 * smoothstep(-0.1, 0.65, ry);
    const cut =
      style.cut === undefined
        ? -9
        : style.cut * size * (0.7 + 0.3 * hair.length) + 0.16 * signedHash(g, seed + 7);
    const step = length / (n - 1);
    const height = style.height * size * (0.4 + 0.8 * hair.volume) * (0.25 + 0.75 * layer);
    const curved = 0.35 * hair.frizz;
    let ended = false;
    for (let j = 0; j < n; j++) {
      const o = (g * n + j) * 3;
      points[o] = p[0];
      points[o + 1] = p[1];
      points[o + 2] = p[2];
      if (ended) continue;
      const t = j / (n - 1);
      comb(style, person, p, normal, side, fringe, crown, way);
      // On top of the head hair lies as combed; at the sides it hangs.
      const hang =
        style.gravity *
        (style.comb === 'part' && fringe === 0
          ? smoothstep(0.3, 0.72, Math.abs(p[0])) + smoothstep(-0.9, -1.4, p[2])
          : 1);
      const combing =
        style.combing * (style.comb === 'part' ? 1 - 0.9 * smoothstep(0.35, 0.75, Math.abs(p[0])) : 1);
      for (let k = 0; k < 3; k++) {
        d[k] =
          d[k] * style.stiffness + way[k] * combing + curved * signedHash(g * 31 + (j >> 2), seed + 11 + k);
      }
      d[1] -= hang * (fringe > 0 ? 1.5 : 1);
      const inverse = 1 / (norm(d[0], d[1], d[2]) || 1);
      for (let k = 0; k < 3; k++) {
        d[k] *= inverse;
        p[k] += d[k] * step;
      }
      if (style.comb === 'part' && fringe === 0) clearFace(p, side, size);
      const gap = 0.012 + height * smoothstep(0, 0.3, t * length);
      stayNear(p, d, skull, gap, style.length < 1 || p[1] > -0.15 ? 1.25 * gap + 0.02 : 9);
      if (p[1] < cut) ended = true;
    }
  }
  return { count, points, sides };
}

/** Long hair hangs beside the face, not over it. */
function clearFace(p: Float32Array, side: number, size: number): void {
  if (p[2] < -0.35 * size || p[1] > 0.62 * size) return;
  const edge = (0.56 + 0.12 * smoothstep(0.5, 0, p[1])) * size;
  if (p[0] * side < edge) p[0] += (side * edge - p[0]) * 0.5;
  p[2] -= 0.02 * size;
}

/** Keeps a point between `gap` and `most` off the head's surface, and turns its direction along the surface. */
function stayNear(p: Float32Array, d: Float32Array, skull: Skull, gap: number, most: number): void {
  const x = p[0] - skull.centre[0];
  const y = p[1] - skull.centre[1];
  const z = p[2] - skull.centre[2];
  const distance = Math.sqrt(x * x + y * y + z * z) || 1;
  const surface = skull.radius(x, y, z);
  if (distance > surface + most) {
    const back = (0.5 * (surface + most - distance)) / distance;
    p[0] += x * back;
    p[1] += y * back;
    p[2] += z * back;
    return;
  }
  const least = surface + gap;
  if (distance >= least) return;
  const out = least / distance - 1;
  p[0] += x * out;
  p[1] += y * out;
  p[2] += z * out;
  const inwards = Math.min(0, (d[0] * x + d[1] * y + d[2] * z) / (distance * distance));
  d[0] -= x * inwards;
  d[1] -= y * inwards;
  d[2] -= z * inwards;
}
