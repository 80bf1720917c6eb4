/** Clothes: the body below a neckline, pushed outwards, a collar that stands around the neck, and hats. */
import { mix, type Rgb, scale } from './colour.ts';
import { gridTriangles, norm, vertexNormals } from './geometry.ts';
import type { HeadModel } from './head.ts';
import { irradiance, type ShadowMap } from './lighting.ts';
import { noise3, smoothstep } from './noise.ts';
import type { Clothing, Hat, Person } from './person.ts';
import type { Shader, Surface } from './rasterizer.ts';
import type { ShapedHead, Skull, Turn } from './shape.ts';

/** How far below the neckline a point of the resting body lies, decimetres; negative above it. */
function below(kind: Clothing['kind'], x: number, y: number, z: number): number {
  const side = Math.abs(x);
  // 1 at the pit of the neck, 0 at its sides and back.
  const front = smoothstep(-0.9, -0.5, z);
  if (kind === 'turtleneck') return -1.12 - 0.12 * front - y;
  if (kind === 'crew') return -1.5 - 0.16 * front + 0.1 * smoothstep(0.4, 0.9, side) - y;
  if (kind === 'vneck')
    return -1.46 - front * Math.max(0, 0.62 - side * 1.25) + 0.05 * smoothstep(0.4, 0.9, side) - y;
  return -1.34 - front * Math.max(0, 0.34 - side * 0.9) - y;
}

export interface Garment {
  positions: Float32Array;
  triangles: Uint32Array;
  /** Resting-head places of the same vertices, for patterns. */
  rest: Float32Array;
  /** How far below its upper edge each vertex lies, decimetres. */
  depth: Float32Array;
}

/** No cloth reaches higher on the resting head than this. */
const HIGHEST = -0.85;

/** The cloth over the trunk. @param positions the shaped head. @param normals its normals. */
export function createGarment(
  head: HeadModel,
  positions: Float32Array,
  normals: Float32Array,
  person: Person,
): Garment {
  const kind = person.clothing.kind;
  const rest = head.positions;
  const out = Float32Array.from(positions);
  const depth = new Float32Array(rest.length / 3).fill(-1);
  for (let i = 0, v = 0; i < rest.length; i += 3, v++) {
    if (rest[i + 1] > HIGHEST) continue;
    depth[v] = below(kind, rest[i], rest[i + 1], rest[i + 2]);
    const fold = noise3(rest[i] * 4, rest[i + 1] * 3, rest[i + 2] * 4 + (person.seed % 29));
    const off = 0.035 + 0.05 * fold * smoothstep(0.1, 0.4, depth[v]);
    for (let k = 0; k < 3; k++) out[i + k] += normals[i + k] * off;
  }
  return cutOut(out, rest, depth, head.parts.body);
}

/** The parts of the triangles that lie below the edge (depth 0), cut through where the edge crosses them. */
function cutOut(
  positions: Float32Array,
  rest: Float32Array,
  depth: Float32Array,
  body: Uint32Array,
): Garment {
  // New vertices, numbered after the old ones.
  const points: number[] = [];
  const places: number[] = [];
  const triangles: number[] = [];
  const crossing = (a: number, b: number): number => {
    const t = depth[a] / (depth[a] - depth[b]);
    for (let k = 0; k < 3; k++) {
      points.push(positions[a * 3 + k] + (positions[b * 3 + k] - positions[a * 3 + k]) * t);
      places.push(rest[a * 3 + k] + (rest[b * 3 + k] - rest[a * 3 + k]) * t);
    }
    return depth.length + points.length / 3 - 1;
  };
  for (let t = 0; t < body.length; t += 3) {
    if (Math.max(depth[body[t]], depth[body[t + 1]], depth[body[t + 2]]) <= 0) continue;
    const corners = [body[t], body[t + 1], body[t + 2]];
    if (corners.some((v) => rest[v * 3 + 1] > HIGHEST)) continue;
    const outline: number[] = [];
    corners.forEach((v, i) => {
      const next = corners[(i + 1) % 3];
      if (depth[v] > 0) outline.push(v);
      if (depth[v] > 0 !== depth[next] > 0) outline.push(crossing(v, next));
    });
    for (let i = 1; i + 1 < outline.length; i++) triangles.push(outline[0], outline[i], outline[i + 1]);
  }
  return {
    positions: joined(positions, points),
    triangles: Uint32Array.from(triangles),
    rest: joined(rest, places),
    depth: joined(depth, new Float32Array(points.length / 3)),
  };
}

function joined(first: Float32Array, second: ArrayLike<number>): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}

/** Vertices around a collar and rows from its top edge to its points. */
const RING = 40;
const BANDS = 4;

/** The neck under the chin, seen from above: an ellipse about x = 0. Decimetres. */
function measureNeck(
  head: HeadModel,
  positions: Float32Array,
): { halfWidth: number; middle: number; halfDepth: number } {
  let halfWidth = 0;
  let front = -9;
  let back = 9;
  for (const v of head.parts.body) {
    const height = head.positions[v * 3 + 1];
    if (height > -1.15 || height < -1.35 || head.positions[v * 3 + 2] > -0.4) continue;
    halfWidth = Math.max(halfWidth, Math.abs(positions[v * 3]));
    front = Math.max(front, positions[v * 3 + 2]);
    back = Math.min(back, positions[v * 3 + 2]);
  }
  return { halfWidth, middle: (front + back) / 2, halfDepth: (front - back) / 2 };
}

/** The collar of a shirt or jacket, open in front, or the roll of a turtleneck; undefined for the other kinds. */
export function createCollar(head: HeadModel, shaped: ShapedHead, person: Person): Garment | undefined {
  const { kind } = person.clothing;
  if (kind !== 'shirt' && kind !== 'jacket' && kind !== 'turtleneck') return undefined;
  const rolled = kind === 'turtleneck';
  const size = shaped.crown / 1.2;
  const neck = measureNeck(head, shaped.positions);
  const positions = new Float32Array(RING * BANDS * 3);
  const depth = new Float32Array(RING * BANDS);
  const opening = rolled ? 0 : 0.32;
  for (let c = 0; c < RING; c++) {
    const u = c / (RING - 1);
    const angle = opening + (2 * Math.PI - 2 * opening) * u;
    const front = Math.max(0, Math.cos(angle));
    const tip = rolled ? 0 : Math.max(0, 1 - Math.abs(Math.min(u, 1 - u) - 0.04) / 0.13);
    for (let b = 0; b < BANDS; b++) {
      const w = b / (BANDS - 1);
      const o = (b * RING + c) * 3;
      // From the top edge, outwards over the fold and down to the points.
      const reach =
        (rolled ? 0.03 + 0.06 * Math.sin(Math.PI * w) : 0.03 + 0.12 * Math.sin(w * 1.9) + 0.1 * w * tip) *
        size;
      const drop = rolled ? 0.32 * w : w * w * (0.24 + 0.32 * tip);
      positions[o] = Math.sin(angle) * (neck.halfWidth + reach);
      positions[o + 1] = (-1.2 - 0.22 * front * (rolled ? 0.7 : 1) - drop) * size;
      positions[o + 2] = neck.middle + Math.cos(angle) * (neck.halfDepth + reach);
      depth[b * RING + c] = 0.02 + w * 0.4;
    }
  }
  return { positions, triangles: gridTriangles(BANDS, RING), rest: positions, depth };
}

const WRAP = [0.1, 0.1, 0.1] as const;

/** A band across half of each unit, soft at its edges: threads do not end abruptly. */
function band(t: number): number {
  const f = t - Math.floor(t);
  return smoothstep(0.46, 0.54, f) * smoothstep(1, 0.92, f);
}

function pattern({ pattern: kind, colour, second }: Clothing, x: number, y: number, z: number): Rgb {
  if (kind === 'stripes') return mix(colour, second, band(y * 7) * 0.8);
  if (kind === 'checks') return mix(colour, second, (band(y * 6) + band(x * 6)) * 0.4);
  if (kind === 'knit')
    return scale(colour, 0.8 + 0.4 * Math.abs(Math.sin((x + 0.4 * Math.sin(y * 60)) * 45)));
  return scale(colour, 0.96 + 0.08 * noise3(x * 30, y * 30, z * 30));
}

/** @param posed and @param normals of the garment's vertices in view space. */
export function clothShader(
  garment: Garment,
  person: Person,
  posed: Float32Array,
  normals: Float32Array,
  shadows: ShadowMap,
  collar: boolean,
): Shader {
  const { clothing, light } = person;
  const { triangles, rest, depth } = garment;
  const lit = new Float32Array(3);
  const lapel = clothing.kind === 'jacket';
  return (triangle, wa, wb, wc, out) => {
    const va = triangles[triangle];
    const vb = triangles[triangle + 1];
    const vc = triangles[triangle + 2];
    const a = va * 3;
    const b = vb * 3;
    const c = vc * 3;
    const x = wa * rest[a] + wb * rest[b] + wc * rest[c];
    const y = wa * rest[a + 1] + wb * rest[b + 1] + wc * rest[c + 1];
    const z = wa * rest[a + 2] + wb * rest[b + 2] + wc * rest[c + 2];
    let nx = wa * normals[a] + wb * normals[b] + wc * normals[c];
    let ny = wa * normals[a + 1] + wb * normals[b + 1] + wc * normals[c + 1];
    let nz = wa * normals[a + 2] + wb * normals[b + 2] + wc * normals[c + 2];
    const length = 1 / (norm(nx, ny, nz) || 1);
    // Cloth shows either face.
    const face = nz < 0 && collar ? -length : length;
    nx = nx * face + 0.35 * (noise3(x * 7, y * 3, z * 7) - 0.5);
    ny *= face;
    nz *= face;
    const shadow = shadows.surface(
      wa * posed[a] + wb * posed[b] + wc * posed[c],
      wa * posed[a + 1] + wb * posed[b + 1] + wc * posed[c + 1],
      wa * posed[a + 2] + wb * posed[b + 2] + wc * posed[c + 2],
    );
    const deep = wa * depth[va] + wb * depth[vb] + wc * depth[vc];
    irradiance(light, nx, ny, nz, WRAP, shadow, 0.75, lit);
    const inner = lapel && !collar && z > -0.9 && Math.abs(x) < 0.16 + 0.3 * (-1.4 - y);
    const colour = lapel && (collar || inner) ? clothing.second : pattern(clothing, x, y, z);
    // A hem: a seam a little below the edge.
    const seam = 1 - 0.35 * smoothstep(0.02, 0, Math.abs(deep - 0.07)) - 0.3 * smoothstep(0.03, 0, deep);
    for (let k = 0; k < 3; k++) out[k] = colour[k] * lit[k] * seam;
  };
}

// Hats: a shell around the skull above a tilted rim, with a peak or a brim.

const COLUMNS = 49;
const ROWS = 14;

/** The rim's height on the resting head by depth: high on the forehead, low at the back. */
function rimHeight(hat: Hat, z: number): number {
  const front = hat.kind === 'beanie' ? 0.52 : 0.56;
  return front + 0.28 * Math.min(0.25, z) * (hat.kind === 'headband' ? 0.6 : 1);
}

/** Whether hair at that height and depth of the resting head is under the hat. */
export function underHat(hat: Hat | undefined, y: number, z: number): boolean {
  return hat !== undefined && hat.kind !== 'headband' && y > rimHeight(hat, z) - 0.04;
}

/** Vertices of the shell, row by row from the rim to the top. */
function shell(hat: Hat, skull: Skull, size: number): Float32Array {
  const points = new Float32Array(ROWS * COLUMNS * 3);
  const gap = { beanie: 0.11, cap: 0.1, headband: 0.12, brim: 0.13 }[hat.kind] * size;
  for (let r = 0; r < ROWS; r++) {
    const w = r / (ROWS - 1);
    for (let c = 0; c < COLUMNS; c++) {
      const turn = (c / (COLUMNS - 1)) * 2 * Math.PI;
      const rim = rimHeight(hat, Math.cos(turn) * 0.9 - 0.7) * size - skull.centre[1];
      const lowest = Math.atan2(rim, 0.9 * size);
      const span = hat.kind === 'headband' ? 0.24 : Math.PI / 2 - lowest;
      const rise = lowest + span * w;
      const dx = Math.sin(turn) * Math.cos(rise);
      const dy = Math.sin(rise);
      const dz = Math.cos(turn) * Math.cos(rise);
      const o = (r * COLUMNS + c) * 3;
      const tall =
        hat.kind === 'brim' ? 1 + 0.22 * w * (1 - w) * 2 : hat.kind === 'beanie' ? 1 + 0.08 * w : 1;
      const radius = (skull.radius(dx, dy, dz) + gap * Math.min(1, 0.4 + 3 * w)) * tall;
      points[o] = skull.centre[0] + dx * radius;
      points[o + 1] = skull.centre[1] + dy * radius;
      points[o + 2] = skull.centre[2] + dz * radius;
    }
  }
  return points;
}

/** A peak in front, or a brim all around: the rim's points carried outwards. */
function brim(hat: Hat, rim: Float32Array, skull: Skull, size: number): Float32Array {
  const bands = 5;
  const points = new Float32Array(bands * COLUMNS * 3);
  for (let b = 0; b < bands; b++) {
    const w = b / (bands - 1);
    for (let c = 0; c < COLUMNS; c++) {
      const turn = (c / (COLUMNS - 1)) * 2 * Math.PI;
      const ahead = Math.max(0, Math.cos(turn));
      const reach = (hat.kind === 'cap' ? 0.75 * Math.sqrt(ahead) * ahead : 0.42) * size * w;
      const o = (b * COLUMNS + c) * 3;
      const x = rim[c * 3] - skull.centre[0];
      const z = rim[c * 3 + 2] - skull.centre[2];
      const out = reach / (Math.sqrt(x * x + z * z) || 1);
      points[o] = rim[c * 3] + x * out;
      points[o + 1] =
        rim[c * 3 + 1] -
        (hat.kind === 'cap' ? 0.18 * ahead : 0.1 - 0.12 * Math.abs(Math.sin(turn))) * w * size;
      points[o + 2] = rim[c * 3 + 2] + z * out;
    }
  }
  return points;
}

/** The hat's surfaces in view space. */
export function createHat(person: Person, hat: Hat, skull: Skull, crown: number, turn: Turn): Surface[] {
  const size = crown / 1.2;
  const body = shell(hat, skull, size);
  const pieces = [{ points: body, triangles: gridTriangles(ROWS, COLUMNS), ribbed: true }];
  if (hat.kind === 'cap' || hat.kind === 'brim') {
    pieces.push({
      points: brim(hat, body, skull, size),
      triangles: gridTriangles(5, COLUMNS),
      ribbed: false,
    });
  }
  const lit = new Float32Array(3);
  return pieces.map(({ points, triangles, ribbed }) => {
    const positions = new Float32Array(points.length);
    for (let i = 0; i < points.length; i += 3) turn(points[i], points[i + 1], points[i + 2], positions, i);
    const normals = vertexNormals(positions, triangles);
    return {
      positions,
      triangles,
      shade(triangle, wa, wb, wc, out) {
        const va = triangles[triangle];
        const vb = triangles[triangle + 1];
        const vc = triangles[triangle + 2];
        const [a, b, c] = [va * 3, vb * 3, vc * 3];
        let nx = wa * normals[a] + wb * normals[b] + wc * normals[c];
        let ny = wa * normals[a + 1] + wb * normals[b + 1] + wc * normals[c + 1];
        let nz = wa * normals[a + 2] + wb * normals[b + 2] + wc * normals[c + 2];
        const length = 1 / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1);
        const face = nz < 0 ? -length : length;
        nx *= face;
        ny *= face;
        nz *= face;
        irradiance(person.light, nx, ny, nz, [0.1, 0.1, 0.1], 1, 0.85, lit);
        const column = wa * (va % COLUMNS) + wb * (vb % COLUMNS) + wc * (vc % COLUMNS);
        const row =
          (wa * Math.floor(va / COLUMNS) + wb * Math.floor(vb / COLUMNS) + wc * Math.floor(vc / COLUMNS)) /
          (ROWS - 1);
        let weave = 0.92 + 0.16 * noise3(column * 1.7, row * 30, person.seed % 17);
        if (ribbed && hat.kind === 'beanie') {
          weave *=
            0.78 + 0.3 * Math.abs(Math.sin(column * 4)) - 0.25 * Math.exp(-(((row - 0.24) / 0.012) ** 2));
        }
        if (ribbed && hat.kind === 'brim' && row < 0.2) weave *= 0.35;
        for (let k = 0; k < 3; k++) out[k] = hat.colour[k] * lit[k] * weave;
      },
    };
  });
}
