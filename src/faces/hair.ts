/** Scalp hair: guide strands, one for each lock, and the strands that follow them with waves, curls and stray hairs. */
import { norm } from './geometry.ts';
import { STYLES, type Style, scalpDensity } from './hair-styles.ts';
import { clamp, hash, signedHash, smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import type { Skull, Turn } from './shape.ts';
import { type Roots, type Strands, strandColours } from './strands.ts';

/**
 * @param roots on the scalp. @param turn poses the head's frame in view space.
 * @returns the strands in view space.
 */
export function growHair(person: Person, roots: Roots, skull: Skull, crown: number, turn: Turn): Strands {
  const { hair, seed } = person;
  const style = STYLES[hair.style];
  const n = style.points;
  const size = crown / 1.2;
  const guides = growGuides(person, style, roots, skull, crown);
  const lock = nearestGuides(roots, guides, hair.part);
  const count = roots.count;
  const points = new Float32Array(count * n * 3);
  const normals = new Float32Array(count * n * 3);
  const radii = new Float32Array(count);
  const broad = new Uint8Array(count);
  const scalp = scalpDensity(person);
  const p = new Float32Array(3);
  const curlRadius = (style.curlRadius + 0.03 * hair.curl * (style.curlRadius > 0 ? 1 : 0.5)) * size;
  const fluffy = style.comb === 'out';
  const rate = (style.curlRate || 1.1) * (0.8 + 0.4 * hair.curl);
  for (let s = 0; s < count; s++) {
    const g = lock[s];
    const guideRoot = g * FOLLOWERS * 3;
    // Curls that stand off the head part into single hairs; combed hair keeps to its lock.
    const gather = fluffy ? -0.15 : 0.25 + 0.4 * hash(g, seed + 21);
    // A third of the strands are broad and dark: the mass of hair that fine strands lie on.
    const [rx, ry, rz] = [roots.rest[s * 3], roots.rest[s * 3 + 1], roots.rest[s * 3 + 2]];
    const under = s % 3 === 0 && scalp(rx, ry - 0.13, rz) > 0.9;
    broad[s] = under ? 1 : 0;
    radii[s] = style.radius * size * (under ? 2.6 : 0.6 + 0.6 * hash(s, seed + 22));
    const phase = hash(g, seed + 23) * 6.28 + (fluffy ? 3 : 0.5) * signedHash(s, seed + 24);
    const stray = under ? 0 : hair.frizz * hash(s, seed + 25) ** 4 * 0.35;
    for (let j = 0; j < n; j++) {
      const t = j / (n - 1);
      const q = (g * n + j) * 3;
      const o = (s * n + j) * 3;
      const keep = 1 - gather * smoothstep(0, 1, t);
      for (let k = 0; k < 3; k++) {
        const apart = roots.positions[s * 3 + k] - roots.positions[guideRoot + k];
        p[k] = guides.points[q + k] + apart * keep + stray * t * 0.4 * signedHash(s, seed + 26 + k);
      }
      if (curlRadius > 0.004) {
        const turns = rate * t * style.length * 6.28 + phase;
        const wide = curlRadius * smoothstep(0, 0.4, t * style.length);
        p[0] += wide * Math.cos(turns);
        p[1] += wide * 0.6 * Math.sin(turns * 0.9 + 1);
        p[2] += wide * Math.sin(turns);
      }
      turn(p[0], p[1], p[2], points, o);
      const nx = p[0] - skull.centre[0];
      // Falling hair faces sideways, however far below the skull it hangs.
      const ny = clamp(p[1] - skull.centre[1], -0.25, 2);
      const nz = p[2] - skull.centre[2];
      const inverse = 1 / (norm(nx, ny, nz) || 1);
      normals[o] = nx * inverse;
      normals[o + 1] = ny * inverse;
      normals[o + 2] = nz * inverse;
    }
  }
  const level = (s: number) =>
    (broad[s] ? 0.55 : 0.65 + 0.5 * hash(s, seed + 31)) * (0.8 + 0.45 * hash(lock[s], seed + 32));
  return {
    count,
    perStrand: n,
    points,
    normals,
    colours: strandColours(count, hair.colour, level),
    radii,
    opacity: 0.88,
    shine: fluffy ? 0.35 : 0.8,
    tapers: true,
  };
}

/** For each root the nearest guide on its side of the parting. */
function nearestGuides(roots: Roots, guides: Guides, part: number): Uint16Array {
  const out = new Uint16Array(roots.count);
  // Roots come in the mesh's order, so near ones have near numbers, but not all: look at every guide.
  for (let s = 0; s < roots.count; s++) {
    const [x, y, z] = [roots.positions[s * 3], roots.positions[s * 3 + 1], roots.positions[s * 3 + 2]];
    const side = roots.rest[s * 3] > part ? 1 : -1;
    let best = 1e9;
    for (let g = 0; g < guides.count; g++) {
      const o = g * FOLLOWERS * 3;
      const dx = roots.positions[o] - x;
      if (dx * dx >= best) continue;
      const dy = roots.positions[o + 1] - y;
      const dz = roots.positions[o + 2] - z;
      const distance = dx * dx + dy * dy + dz * dz + (guides.sides[g] === side ? 0 : 0.02);
      if (distance < best) {
        best = distance;
        out[s] = g;
      }
    }
  }
  return out;
}

// Guide strands: a few that follow the comb, gravity and the skull, one for each lock of hair.

/** Every so many roots one is a guide's. */
const FOLLOWERS = 9;

interface Guides {
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
function growGuides(person: Person, style: Style, roots: Roots, skull: Skull, crown: number): Guides {
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
