/** Anatomy: morphs the head model into one person's head, poses it in front of the camera, and measures its skull. */
import { norm, type Vec3 } from './geometry.ts';
import type { HeadModel } from './head.ts';
import { clamp, smoothstep } from './noise.ts';
import type { Person } from './person.ts';

export interface Eyeball {
  centre: Vec3;
  radius: number;
  /** The middle between the corners of the lids, seen from the front. */
  opening: readonly [x: number, y: number];
}

/** One person's head in its own frame: origin midway between the eyes, x to the person's left, y up, z forward. */
export interface ShapedHead {
  positions: Float32Array;
  left: Eyeball;
  right: Eyeball;
  mouth: Vec3;
  /** The height of the crown over the eyes, in decimetres: about 1.2 for an adult. */
  crown: number;
}

function eyeball(positions: Float32Array, triangles: Uint32Array): Eyeball {
  const lo = [1e9, 1e9, 1e9];
  const hi = [-1e9, -1e9, -1e9];
  for (const v of triangles) {
    for (let k = 0; k < 3; k++) {
      lo[k] = Math.min(lo[k], positions[v * 3 + k]);
      hi[k] = Math.max(hi[k], positions[v * 3 + k]);
    }
  }
  const centre: Vec3 = [(lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2, (lo[2] + hi[2]) / 2];
  return { centre, radius: (hi[0] - lo[0] + hi[1] - lo[1]) / 4, opening: [centre[0], centre[1]] };
}

/** Where the inner and the outer corner of the lids are on the resting head. */
const CORNERS: readonly Vec3[] = [
  [0.15, -0.005, -0.014],
  [0.467, -0.005, 0],
];

/** The number of the resting head's vertex that is nearest to a place. */
export function nearestVertex(rest: Float32Array, x: number, y: number, z: number): number {
  let nearest = 0;
  let best = 1e9;
  for (let i = 0; i < rest.length; i += 3) {
    const distance = (rest[i] - x) ** 2 + (rest[i + 1] - y) ** 2 + (rest[i + 2] - z) ** 2;
    if (distance < best) {
      best = distance;
      nearest = i / 3;
    }
  }
  return nearest;
}

function lidOpening(rest: Float32Array, positions: Float32Array, side: 1 | -1): [number, number] {
  const [a, b] = CORNERS.map(([x, y, z]) => nearestVertex(rest, side * x, y, z) * 3);
  return [(positions[a] + positions[b]) / 2, (positions[a + 1] + positions[b + 1]) / 2];
}

/** Applies weighted morph targets. */
export function shapeHead(head: HeadModel, targets: Person['targets']): ShapedHead {
  const positions = Float32Array.from(head.positions);
  for (const [name, weight] of targets) {
    const target = head.targets.get(name);
    if (!target) throw new Error(`The head model has no morph target named ${name}.`);
    const { vertices, offsets } = target;
    for (let i = 0, j = 0; i < vertices.length; i++, j += 3) {
      const v = vertices[i] * 3;
      positions[v] += weight * offsets[j];
      positions[v + 1] += weight * offsets[j + 1];
      positions[v + 2] += weight * offsets[j + 2];
    }
  }
  tuckMouth(head, positions);
  const left = eyeball(positions, head.parts.leftEye);
  const right = eyeball(positions, head.parts.rightEye);
  const origin = [0, 1, 2].map((k) => (left.centre[k] + right.centre[k]) / 2);
  for (let i = 0; i < positions.length; i++) positions[i] -= origin[i % 3];
  const move = ({ centre, radius }: Eyeball, side: 1 | -1): Eyeball => ({
    centre: [centre[0] - origin[0], centre[1] - origin[1], centre[2] - origin[2]],
    radius,
    opening: lidOpening(head.positions, positions, side),
  });
  const mouth = [0, 0, 0];
  let lips = 0;
  let crown = 0;
  for (let v = 0; v < positions.length / 3; v++) {
    crown = Math.max(crown, positions[v * 3 + 1]);
    if (head.masks.lips[v] < 0.5) continue;
    lips++;
    for (let k = 0; k < 3; k++) mouth[k] += positions[v * 3 + k];
  }
  return {
    positions,
    left: move(left, 1),
    right: move(right, -1),
    mouth: [mouth[0] / lips, mouth[1] / lips, mouth[2] / lips],
    crown,
  };
}

/** Draws the mouth's inside and the teeth back: chins and lips that targets draw in must not let them through. */
function tuckMouth({ parts, masks }: HeadModel, positions: Float32Array): void {
  for (let v = 0; v < masks.insideMouth.length; v++) {
    positions[v * 3 + 2] -= 0.12 * masks.insideMouth[v] * (1 - masks.lips[v]);
  }
  for (const v of new Set([...parts.teeth, ...parts.tongue])) positions[v * 3 + 2] -= 0.07;
}

/** Writes the turned point into `out` at `o`. */
export type Turn = (x: number, y: number, z: number, out: Float32Array, o: number) => void;

/** A turn about the top of the spine; x to the image's right, y up, z towards the camera. */
export function headTurn(pose: Person['pose'], share = 1): Turn {
  const [cy, sy] = [Math.cos(pose.yaw * share), Math.sin(pose.yaw * share)];
  const [cp, sp] = [Math.cos(pose.pitch * share), Math.sin(pose.pitch * share)];
  const [cr, sr] = [Math.cos(pose.roll * share), Math.sin(pose.roll * share)];
  const pivotY = -0.75;
  const pivotZ = -0.8;
  return (x, y, z, out, o) => {
    const py = y - pivotY;
    const pz = z - pivotZ;
    const turnedX = x * cy + pz * sy;
    const z1 = -x * sy + pz * cy;
    const raisedY = py * cp + z1 * sp;
    out[o] = turnedX * cr + raisedY * sr;
    out[o + 1] = raisedY * cr - turnedX * sr + pivotY;
    out[o + 2] = z1 * cp - py * sp + pivotZ;
  };
}

/** How far the shoulders follow the head. */
export const TRUNK_SHARE = 0.35;

/** The posed vertices: the shoulders turn less than the head, the neck goes between. `rest` is the model at rest. */
export function poseHead(positions: Float32Array, rest: Float32Array, pose: Person['pose']): Float32Array {
  const head = headTurn(pose);
  const trunk = headTurn(pose, TRUNK_SHARE);
  const out = new Float32Array(positions.length);
  const lower = new Float32Array(3);
  for (let i = 0; i < positions.length; i += 3) {
    const share = smoothstep(-1.75, -0.95, rest[i + 1] + 0.25 * rest[i + 2]);
    head(positions[i], positions[i + 1], positions[i + 2], out, i);
    if (share >= 1) continue;
    trunk(positions[i], positions[i + 1], positions[i + 2], lower, 0);
    for (let k = 0; k < 3; k++) out[i + k] = lower[k] + (out[i + k] - lower[k]) * share;
  }
  return out;
}

// The distance from a point inside the skull to the head's surface, by direction: what keeps hair out of the head.

const COLUMNS = 48;
const ROWS = 40;
/** Below this many crown heights the shoulders begin, which hair falls past. */
const LOWEST = -1.08;

export interface Skull {
  readonly centre: readonly [number, number, number];
  /** The surface's distance, decimetres, in the direction of that vector from the centre. */
  radius(dx: number, dy: number, dz: number): number;
}

/** @param positions the shaped head's vertices, in its frame. @param vertices which of them to use. */
export function createSkull(positions: Float32Array, vertices: Uint32Array, crown: number): Skull {
  const centre = [0, 0.22 * crown, -0.58 * crown] as const;
  const map = new Float32Array(COLUMNS * ROWS);
  for (const v of vertices) {
    if (positions[v * 3 + 1] < LOWEST * crown) continue;
    const dx = positions[v * 3] - centre[0];
    const dy = positions[v * 3 + 1] - centre[1];
    const dz = positions[v * 3 + 2] - centre[2];
    const distance = norm(dx, dy, dz);
    if (distance < 0.3) continue;
    const column = Math.floor((Math.atan2(dx, dz) / (2 * Math.PI) + 0.5) * COLUMNS) % COLUMNS;
    const row = clamp(Math.floor((Math.acos(dy / distance) / Math.PI) * ROWS), 0, ROWS - 1);
    const o = row * COLUMNS + column;
    if (distance > map[o]) map[o] = distance;
  }
  fillHoles(map);
  return {
    centre,
    radius(dx, dy, dz) {
      const distance = Math.sqrt(dx * dx + dy * dy + dz * dz) || 1;
      const x = (Math.atan2(dx, dz) / (2 * Math.PI) + 0.5) * COLUMNS - 0.5;
      const y = clamp((Math.acos(clamp(dy / distance, -1, 1)) / Math.PI) * ROWS - 0.5, 0, ROWS - 1.001);
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const left = (x0 + COLUMNS) % COLUMNS;
      const right = (x0 + 1) % COLUMNS;
      const o = y0 * COLUMNS;
      const upper = map[o + left] + (map[o + right] - map[o + left]) * fx;
      const lower = map[o + COLUMNS + left] + (map[o + COLUMNS + right] - map[o + COLUMNS + left]) * fx;
      return upper + (lower - upper) * fy;
    },
  };
}

/** Gives cells that no vertex fell into the largest of their neighbours, until none is left. */
function fillHoles(map: Float32Array): void {
  for (let pass = 0; pass < ROWS; pass++) {
    const before = Float32Array.from(map);
    let holes = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        const o = row * COLUMNS + column;
        if (before[o] > 0) continue;
        const left = before[row * COLUMNS + ((column + COLUMNS - 1) % COLUMNS)];
        const right = before[row * COLUMNS + ((column + 1) % COLUMNS)];
        const above = row > 0 ? before[o - COLUMNS] : 0;
        const below = row + 1 < ROWS ? before[o + COLUMNS] : 0;
        map[o] = Math.max(left, right, above, below);
        if (map[o] === 0) holes++;
      }
    }
    if (holes === 0) return;
  }
}
