/** Scalp hair: strands that follow the guide of their lock, with waves, curls and stray hairs. */
import { norm } from './geometry.ts';
import { FOLLOWERS, type Guides, growGuides } from './hair-guides.ts';
import { STYLES, scalpDensity } from './hair-styles.ts';
import { clamp, hash, signedHash, smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import type { Roots } from './roots.ts';
import type { Turn } from './shape.ts';
import type { Skull } from './skull.ts';
import { type Strands, strandColours } from './strands.ts';

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
