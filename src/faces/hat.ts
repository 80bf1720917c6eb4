/** Hats: a shell around the skull above a tilted rim, with a peak or a brim. */
import { gridTriangles, vertexNormals } from './geometry.ts';
import { irradiance } from './lighting.ts';
import { noise3 } from './noise.ts';
import type { Hat, Person } from './person.ts';
import type { Turn } from './shape.ts';
import type { Skull } from './skull.ts';
import type { Surface } from './surface.ts';

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
