/** Brows, beards and lashes. Places are on the resting head, eyes at the origin. */
import { scale } from './colour.ts';
import type { HeadModel } from './head.ts';
import { clamp, hash, signedHash, smoothstep } from './noise.ts';
import type { Beard, Brows, Person } from './person.ts';
import type { ShapedHead, Turn } from './shape.ts';
import { type Density, type Roots, type Strands, scatterRoots, strandColours } from './strands.ts';

const BROW_START = 0.1;
const BROW_END = 0.55;

/** 0 at the inner end of the brow, 1 at the outer. */
function alongBrow(x: number): number {
  return (Math.abs(x) - BROW_START) / (BROW_END - BROW_START);
}

function browDensity(brows: Brows): Density {
  return (x, y, z) => {
    const t = alongBrow(x);
    if (t < 0 || t > 1 || z < -0.4 || y < 0.1 || y > 0.45) return 0;
    const line = 0.208 + (0.05 + 0.035 * brows.arch) * Math.sin(Math.PI * (0.08 + 0.8 * t));
    const half = brows.thickness * (0.75 + 0.35 * Math.sin(Math.PI * t)) * (1 - 0.5 * t * t);
    return brows.density * smoothstep(1.25, 0.55, Math.abs(y - line) / half) * smoothstep(0, 0.12, t);
  };
}

/** How densely a beard grows; also where stubble darkens the skin. */
export function beardDensity(beard: Beard): Density {
  if (beard.kind === 'none') return () => 0;
  return (x, y, z) => {
    const side = Math.abs(x);
    if (y > 0.05 || y < -1.25 || z < -0.75) return 0;
    const onLip =
      smoothstep(-0.45, -0.49, y) *
      smoothstep(0.3, 0.22, side) *
      smoothstep(-0.6, -0.555, y + 0.25 * Math.max(0, side - 0.08));
    const aroundMouth =
      smoothstep(0.26, 0.3, side + 0.5 * Math.max(0, -0.72 - y)) * smoothstep(0.4, 0.34, side);
    const chin = smoothstep(-0.8, -0.86, y) * smoothstep(0.36, 0.26, side);
    const cheekLine = -0.62 + 0.75 * smoothstep(0.3, 0.72, side);
    const jaw =
      smoothstep(0, -0.1, y - cheekLine) * smoothstep(0.26, 0.34, side + 0.9 * Math.max(0, -0.8 - y));
    const neck = smoothstep(-1.18, -1.02, y - 0.3 * (z + 0.1));
    const philtrum = 1 - 0.45 * Math.exp(-((side / 0.03) ** 2));
    if (beard.kind === 'moustache') return onLip * philtrum;
    const goatee = Math.max(
      onLip * philtrum,
      chin,
      aroundMouth * smoothstep(-0.5, -0.6, y) * smoothstep(-0.95, -0.85, y),
    );
    return neck * (beard.kind === 'goatee' ? goatee : Math.max(goatee, jaw));
  };
}

interface Growth {
  points: number;
  radius: number;
  length(root: number, x: number, y: number): number;
  /** Writes the direction of growth for a place of the resting head. */
  direction(root: number, x: number, y: number, out: Float32Array): void;
  /** How far, 0-1, the tip bends back towards the skin. */
  lie: number;
}

function grow(roots: Roots, growth: Growth, turn: Turn, colours: Float32Array, opacity: number): Strands {
  const n = growth.points;
  const points = new Float32Array(roots.count * n * 3);
  const normals = new Float32Array(points.length);
  const d = new Float32Array(3);
  const origin = new Float32Array(3);
  turn(0, 0, 0, origin, 0);
  for (let s = 0; s < roots.count; s++) {
    const r = s * 3;
    const [nx, ny, nz] = [roots.normals[r], roots.normals[r + 1], roots.normals[r + 2]];
    growth.direction(s, roots.rest[r], roots.rest[r + 1], d);
    const into = d[0] * nx + d[1] * ny + d[2] * nz;
    const length = growth.length(s, roots.rest[r], roots.rest[r + 1]);
    for (let j = 0; j < n; j++) {
      const t = j / (n - 1);
      const off = 0.006 + length * 0.45 * (1 - growth.lie) * t + length * 0.15 * Math.sin(Math.PI * t);
      const go = length * t;
      const o = (s * n + j) * 3;
      turn(
        roots.positions[r] + (d[0] - into * nx) * go + nx * off,
        roots.positions[r + 1] + (d[1] - into * ny) * go + ny * off,
        roots.positions[r + 2] + (d[2] - into * nz) * go + nz * off,
        points,
        o,
      );
      turn(nx, ny, nz, normals, o);
      for (let k = 0; k < 3; k++) normals[o + k] -= origin[k];
    }
  }
  const radii = Float32Array.from(
    { length: roots.count },
    (_, s) => growth.radius * (0.7 + 0.6 * hash(s, 9)),
  );
  return {
    count: roots.count,
    perStrand: n,
    points,
    normals,
    colours,
    radii,
    opacity,
    shine: 0.25,
    tapers: true,
  };
}

export function growBrows(
  head: HeadModel,
  shaped: ShapedHead,
  normals: Float32Array,
  person: Person,
  turn: Turn,
): Strands {
  const { brows, seed } = person;
  const roots = scatterRoots(head, shaped.positions, normals, browDensity(brows), 900, seed + 41);
  const growth: Growth = {
    points: 3,
    radius: 0.0038,
    length: (s, x) => (0.075 - 0.02 * clamp(alongBrow(x))) * (0.8 + 0.4 * hash(s, seed + 42)),
    direction(s, x, _y, out) {
      const t = clamp(alongBrow(x));
      const angle = 0.95 - 1.35 * t + 0.25 * signedHash(s, seed + 43);
      out[0] = Math.sign(x) * Math.cos(angle);
      out[1] = Math.sin(angle);
      out[2] = 0;
    },
    lie: 0.9,
  };
  const colours = strandColours(roots.count, brows.colour, (s) => 0.65 + 0.5 * hash(s, seed + 44));
  return grow(roots, growth, turn, colours, 0.5);
}

/** The beard's hairs, or undefined for none and for mere stubble, which the skin's colour shows. */
export function growBeard(
  head: HeadModel,
  shaped: ShapedHead,
  normals: Float32Array,
  person: Person,
  turn: Turn,
): Strands | undefined {
  const { beard, hair, seed } = person;
  if (beard.kind === 'none') return undefined;
  const length = beard.kind === 'stubble' ? 0.022 : beard.length;
  const count = Math.round((beard.kind === 'moustache' ? 700 : 3000) * beard.density);
  const area = beardDensity(beard);
  const roots = scatterRoots(head, shaped.positions, normals, area, count, seed + 51);
  const growth: Growth = {
    points: 4,
    radius: beard.kind === 'stubble' ? 0.003 : 0.005,
    length: (s, x, y) => {
      const room = y > -0.62 && Math.abs(x) < 0.28 ? 0.35 : 0.5 + 0.5 * smoothstep(-0.2, -0.9, y);
      return length * (0.6 + 0.6 * hash(s, seed + 52)) * room;
    },
    direction(s, x, y, out) {
      const lip = y > -0.66 && Math.abs(x) < 0.3;
      out[0] = (lip ? 2.2 * x : 0.25 * x) + 0.4 * signedHash(s, seed + 53);
      out[1] = -1 + 0.3 * signedHash(s, seed + 54);
      out[2] = 0.2;
    },
    lie: 0.35,
  };
  const colours = strandColours(roots.count, scale(hair.colour, 0.85), (s) => 0.6 + 0.7 * hash(s, seed + 55));
  return grow(roots, growth, turn, colours, beard.kind === 'stubble' ? 0.4 : 0.8);
}

/** Lashes: one for each edge of the lash meshes that leads away from the eyeball. */
export function growLashes(head: HeadModel, shaped: ShapedHead, person: Person, turn: Turn): Strands {
  const { positions } = shaped;
  const edges: [number, number, number][] = [];
  const collect = (triangles: Uint32Array, radius: number) => {
    for (let t = 0; t < triangles.length; t += 3) {
      for (let e = 0; e < 3; e++) {
        const a = triangles[t + e];
        const b = triangles[t + ((e + 1) % 3)];
        const ball = positions[a * 3] > 0 ? shaped.left : shaped.right;
        const away = (v: number) => Math.hypot(...ball.centre.map((c, k) => positions[v * 3 + k] - c));
        if (away(b) > away(a) + 0.012) edges.push([a, b, radius]);
      }
    }
  };
  collect(head.parts.upperLashes, 0.0075 * person.eyes.lashes);
  if (person.female) collect(head.parts.lowerLashes, 0.0018 * person.eyes.lashes);
  const points = new Float32Array(edges.length * 6);
  const normals = new Float32Array(edges.length * 6);
  edges.forEach(([a, b], s) => {
    for (const [j, v] of [a, b].entries()) {
      turn(positions[v * 3], positions[v * 3 + 1], positions[v * 3 + 2], points, (s * 2 + j) * 3);
      normals[(s * 2 + j) * 3 + 2] = 1;
    }
  });
  return {
    count: edges.length,
    perStrand: 2,
    points,
    normals,
    colours: strandColours(edges.length, [0.018, 0.013, 0.012], () => 1),
    radii: Float32Array.from(edges, ([, , radius]) => radius),
    opacity: 0.75,
    shine: 0,
    tapers: true,
  };
}
