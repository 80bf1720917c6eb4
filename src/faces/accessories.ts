/** Spectacles, earrings and necklaces, in the head's frame. */
import type { Rgb } from './colour.ts';
import { norm } from './geometry.ts';
import type { HeadModel } from './head.ts';
import type { Glasses, Person } from './person.ts';
import type { Surface } from './rasterizer.ts';
import { nearestVertex, type ShapedHead, type Turn } from './shape.ts';
import { type Strands, strandColours } from './strands.ts';

const OUTLINE = 57;

type Path = [number, number, number][];

/** A lens's outline about its centre: 0 at the outer end, then upwards, x away from the nose. */
function outline(shape: Glasses['shape'], angle: number): [number, number] {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  if (shape === 'round') return [0.225 * c, 0.215 * s];
  const square = (t: number, power: number) => Math.sign(t) * Math.abs(t) ** power;
  if (shape === 'rectangle') return [0.26 * square(c, 0.45), 0.155 * square(s, 0.5)];
  if (shape === 'cat')
    return [0.265 * square(c, 0.6), 0.165 * square(s, 0.7) + 0.07 * Math.max(0, c) * Math.max(0, s)];
  // Aviators narrow towards the cheek and hang outwards.
  return [0.265 * square(c, 0.75) * (1 + 0.12 * s) + 0.02 * s, 0.21 * square(s, 0.8) - 0.03];
}

function lensPath(shaped: ShapedHead, glasses: Glasses, side: 1 | -1): Path {
  const { centre } = side === 1 ? shaped.left : shaped.right;
  // The widest lens reaches 0.27 towards the nose; lenses of close-set eyes are smaller.
  const size = Math.min(shaped.crown / 1.2, (Math.abs(centre[0]) - 0.03) / 0.255);
  return Array.from({ length: OUTLINE }, (_, i) => {
    const [x, y] = outline(glasses.shape, (i / (OUTLINE - 1)) * 2 * Math.PI);
    const away = x * size;
    // The front bends back towards the temples.
    const bend = 0.3 - 0.35 * (away + 0.05) ** 2 - 0.06 * Math.max(0, away);
    return [centre[0] + side * (away + 0.015), centre[1] + y * size - 0.02, centre[2] + bend * size];
  });
}

function resample(path: Path, count: number): Path {
  return Array.from({ length: count }, (_, i) => {
    const at = (i / (count - 1)) * (path.length - 1);
    const k = Math.min(path.length - 2, Math.floor(at));
    const t = at - k;
    return [0, 1, 2].map((c) => path[k][c] + (path[k + 1][c] - path[k][c]) * t) as [number, number, number];
  });
}

/** Lines of `radius` along the paths, in view space. */
function wires(paths: readonly Path[], radii: readonly number[], colour: Rgb, turn: Turn): Strands {
  const points = new Float32Array(paths.length * OUTLINE * 3);
  const normals = new Float32Array(points.length);
  paths.forEach((path, s) => {
    resample(path, OUTLINE).forEach(([x, y, z], j) => {
      const o = (s * OUTLINE + j) * 3;
      turn(x, y, z, points, o);
      normals[o + 1] = 0.6;
      normals[o + 2] = 0.8;
    });
  });
  return {
    count: paths.length,
    perStrand: OUTLINE,
    points,
    normals,
    colours: strandColours(paths.length, colour, () => 1),
    radii: Float32Array.from(radii),
    opacity: 1,
    shine: 1,
    tapers: false,
  };
}

export function glassesFrame(head: HeadModel, shaped: ShapedHead, glasses: Glasses, turn: Turn): Strands {
  const size = shaped.crown / 1.2;
  const left = lensPath(shaped, glasses, 1);
  const right = lensPath(shaped, glasses, -1);
  const inner = Math.round(OUTLINE * 0.42);
  const [bx, by, bz] = left[inner];
  const bridge: Path = [1, 0.5, 0, -0.5, -1].map((t) => {
    const rise = (1 - t * t) * size;
    return [bx * t, by + 0.025 * rise, bz + 0.04 * rise];
  });
  const arm = (lens: Path, side: 1 | -1): Path => {
    const ear = 3 * nearestVertex(head.positions, side * 0.72, 0.04, -0.6);
    const [x, y, z] = lens[5];
    return [
      [x, y, z],
      [x + side * 0.05 * size, y, z - 0.06 * size],
      [shaped.positions[ear] + side * 0.02, shaped.positions[ear + 1], shaped.positions[ear + 2]],
    ];
  };
  const thick = glasses.thickness * size;
  const paths = [left, right, bridge, arm(left, 1), arm(right, -1)];
  return wires(paths, [thick, thick, thick * 0.8, thick * 0.9, thick * 0.9], glasses.colour, turn);
}

/** Dark lenses with the sky's reflection; undefined for clear ones. */
export function sunglasses(
  shaped: ShapedHead,
  glasses: Glasses,
  turn: Turn,
  light: Person['light'],
): Surface | undefined {
  if (glasses.tint === 0) return undefined;
  const points: number[] = [];
  const triangles: number[] = [];
  for (const side of [1, -1] as const) {
    const path = lensPath(shaped, glasses, side);
    const first = points.length / 3;
    points.push(...[0, 1, 2].map((k) => path.reduce((sum, p) => sum + p[k], 0) / path.length));
    path.forEach((p, i) => {
      points.push(...p);
      if (i > 0) triangles.push(first, first + i, first + i + 1);
    });
  }
  const flat = Float32Array.from(points);
  const positions = new Float32Array(flat.length);
  for (let i = 0; i < flat.length; i += 3) turn(flat[i], flat[i + 1], flat[i + 2], positions, i);
  const corners = Uint32Array.from(triangles);
  const clear = 1 - glasses.tint;
  return {
    positions,
    triangles: corners,
    shade(triangle, wa, wb, wc, out) {
      const a = corners[triangle] * 3;
      const b = corners[triangle + 1] * 3;
      const c = corners[triangle + 2] * 3;
      const y = wa * flat[a + 1] + wb * flat[b + 1] + wc * flat[c + 1];
      const x = wa * flat[a] + wb * flat[b] + wc * flat[c];
      const sky = Math.max(0, y + 0.16 + 0.25 * x * light.key[0]) * 0.5;
      for (let k = 0; k < 3; k++) out[k] = 0.012 + 0.1 * clear + sky * sky * light.sky[k] + 0.05 * sky;
    },
  };
}

/** Hoops or drops under the ear lobes, which are where the ears' lowest vertices are. */
export function earrings(
  head: HeadModel,
  shaped: ShapedHead,
  person: Person,
  turn: Turn,
): Strands | undefined {
  if (!person.earrings) return undefined;
  const size = shaped.crown / 1.2;
  const paths: Path[] = [];
  for (const side of [1, -1]) {
    let lobe = -1;
    for (let v = 0; v < head.masks.ears.length; v++) {
      if (head.masks.ears[v] < 0.5 || head.positions[v * 3] * side <= 0) continue;
      if (lobe < 0 || head.positions[v * 3 + 1] < head.positions[lobe * 3 + 1]) lobe = v;
    }
    const x = shaped.positions[lobe * 3] + side * 0.03;
    const y = shaped.positions[lobe * 3 + 1] + 0.03;
    const z = shaped.positions[lobe * 3 + 2] + 0.05;
    if (person.seed % 2 === 0) {
      const radius = (0.07 + 0.01 * (person.seed % 7)) * size;
      const hoop = Array.from({ length: OUTLINE }, (_, i): [number, number, number] => {
        const angle = (i / (OUTLINE - 1)) * 2 * Math.PI;
        return [
          x + 0.5 * radius * Math.sin(angle),
          y - radius + radius * Math.cos(angle),
          z + 0.8 * radius * Math.sin(angle),
        ];
      });
      paths.push(hoop);
    } else {
      const drop = (0.06 + 0.03 * (person.seed % 5)) * size;
      paths.push([
        [x, y, z],
        [x, y - drop, z],
      ]);
    }
  }
  const thick = (person.seed % 2 === 0 ? 0.011 : 0.026) * size;
  return wires(paths, [thick, thick], person.earrings, turn);
}

/** A chain around the neck. @param turn of the trunk. @param normals of the shaped head. */
export function necklace(
  head: HeadModel,
  shaped: ShapedHead,
  normals: Float32Array,
  person: Person,
  turn: Turn,
): Strands | undefined {
  if (!person.necklace || person.clothing.kind === 'turtleneck') return undefined;
  const rest = head.positions;
  const path: Path = [];
  for (let i = 0; i < 25; i++) {
    const angle = ((i / 24) * 2 - 1) * 1.5;
    const y = -1.32 - 0.24 * Math.cos(angle);
    // The frontmost vertex near that place on the neck.
    let nearest = -1;
    let best = 1e9;
    for (const v of head.parts.body) {
      const dx = rest[v * 3] - 0.55 * Math.sin(angle);
      const dy = rest[v * 3 + 1] - y;
      const distance = dx * dx + dy * dy - 0.05 * rest[v * 3 + 2];
      if (distance < best) {
        best = distance;
        nearest = v;
      }
    }
    const n = nearest * 3;
    const length = 0.015 / (norm(normals[n], normals[n + 1], normals[n + 2]) || 1);
    path.push(
      [0, 1, 2].map((k) => shaped.positions[n + k] + normals[n + k] * length) as [number, number, number],
    );
  }
  const smooth = path.map((p, i): [number, number, number] => {
    const from = path[Math.max(0, i - 1)];
    const to = path[Math.min(path.length - 1, i + 1)];
    return [0, 1, 2].map((k) => (from[k] + p[k] * 2 + to[k]) / 4) as [number, number, number];
  });
  return wires([smooth], [0.012 * (shaped.crown / 1.2)], person.necklace, turn);
}
