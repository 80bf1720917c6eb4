/** Skin: a colour for each vertex of the resting head, and the shading of a point. */
import type { HeadModel } from './head.ts';
import type { ShadowMap } from './lighting.ts';
import { irradiance } from './lighting.ts';
import { clamp, noise3, smoothstep } from './noise.ts';
import type { Person } from './person.ts';
import type { Shader } from './rasterizer.ts';

/** exp(-d2 / (2 s2)) about a point of the resting head's front, mirrored. */
function spot(x: number, y: number, px: number, py: number, sx: number, sy = sx): number {
  const dx = (Math.abs(x) - px) / sx;
  const dy = (y - py) / sy;
  const d = dx * dx + dy * dy;
  return d > 12 ? 0 : Math.exp(-0.5 * d);
}

/**
 * The skin's base colour, three values a vertex. Places are given on the resting head, whose features stay where
 * they are on the mesh whatever shape it takes.
 * @param cover hair colour's share at each vertex (scalp and stubble), 0-1.
 */
export function skinColours(head: HeadModel, person: Person, cover: Float32Array): Float32Array {
  const { skin, hair, seed } = person;
  const { positions, masks } = head;
  const out = new Float32Array(positions.length);
  const s = (seed % 97) * 0.31;
  for (let i = 0, v = 0; i < out.length; i += 3, v++) {
    const x = positions[i];
    const y = positions[i + 1];
    const z = positions[i + 2];
    const front = smoothstep(-0.7, -0.2, z);
    const red =
      front *
        (0.75 * spot(x, y, 0.42, -0.36, 0.17, 0.15) +
          0.5 * spot(x, y, 0, -0.38, 0.13, 0.1) +
          0.2 * spot(x, y, 0, -0.98, 0.2, 0.1)) +
      0.6 * masks.ears[v];
    const socket =
      front *
      (spot(x, y, 0.26, -0.13, 0.16, 0.05) * (0.25 + 0.4 * skin.wear) +
        spot(x, y, 0.13, 0.04, 0.06, 0.09) * 0.35);
    const patch = (noise3(x * 5 + s, y * 5, z * 5) - 0.5) * (0.1 + 0.14 * skin.wear);
    const blush = clamp(red * skin.blush * 0.55);
    const shade = 1 - 0.35 * socket + patch * 0.6;
    const lid = masks.eyelids[v] * skin.eyeshadowStrength * smoothstep(0.0, 0.06, y) * 0.9;
    for (let k = 0; k < 3; k++) {
      let c = skin.colour[k] * shade * (k === 0 ? 1 + 0.02 * blush : 1 - (k === 1 ? 0.3 : 0.26) * blush);
      c += (skin.eyeshadow[k] * (0.4 + 0.6 * skin.colour[0]) - c) * lid;
      c += (hair.colour[k] * 0.55 - c) * cover[v];
      out[i + k] = c;
    }
    // The inside of the mouth, where it is not lip.
    const inner = smoothstep(0.3, 0.7, masks.insideMouth[v]) * (1 - masks.lips[v]) * smoothstep(0.32, 0.2, z);
    out[i] += (0.13 - out[i]) * inner;
    out[i + 1] += (0.03 - out[i + 1]) * inner;
    out[i + 2] += (0.03 - out[i + 2]) * inner;
  }
  return out;
}

/** How deep the folds beside the mouth are, 0-1: they come with age and with smiling. */
function foldDepth(person: Person): number {
  const smile = person.targets.find(([name]) => name === 'mouthSmileLeft')?.[1] ?? 0;
  return clamp(0.7 * person.skin.wear + 0.6 * smile - 0.1);
}

/** How much creases darken a place of the resting face, 0-1: beside the mouth, on the brow, at the eyes' corners. */
function creases(side: number, y: number, fold: number, wear: number): number {
  let dark = 0;
  if (y < -0.38 && y > -0.8 && side > 0.1 && side < 0.42) {
    // From the wing of the nose down and outwards past the corner of the mouth.
    const along = (-0.4 - y) / 0.36;
    const off = (side - 0.17 - 0.15 * Math.sin(along * 1.7)) / 0.022;
    dark += fold * 0.3 * smoothstep(0, 0.2, along) * smoothstep(1.05, 0.6, along) * Math.exp(-off * off);
  }
  if (wear > 0.15 && y > 0.36 && y < 0.66 && side < 0.45) {
    const wave = Math.abs((((y + 0.03 * Math.cos(side * 6)) / 0.085) % 1) - 0.5) / 0.12;
    dark += wear * 0.2 * Math.exp(-wave * wave) * smoothstep(0.45, 0.25, side) * smoothstep(0.66, 0.58, y);
  }
  if (wear > 0.15 && side > 0.47 && side < 0.64 && y > -0.14 && y < 0.1) {
    const spread = (y + 0.02) / (side - 0.36);
    const wave = Math.abs(((spread * 4 + 8.5) % 1) - 0.5) / 0.14;
    dark += wear * 0.22 * Math.exp(-wave * wave) * smoothstep(0.64, 0.55, side);
  }
  if (y > -0.26 && y < -0.1 && side > 0.14 && side < 0.46) {
    const off = (y + 0.14 + 0.1 * Math.sin(((side - 0.14) / 0.32) * Math.PI)) / 0.018;
    dark +=
      (0.05 + 0.2 * wear) * Math.exp(-off * off) * smoothstep(0.46, 0.36, side) * smoothstep(0.14, 0.2, side);
  }
  return dark;
}

/** @param positions posed vertices. @param normals theirs. @param colours of {@link skinColours}. */
export function skinShader(
  head: HeadModel,
  person: Person,
  positions: Float32Array,
  normals: Float32Array,
  colours: Float32Array,
  shadows: ShadowMap,
): Shader {
  const { skin, light } = person;
  const rest = head.positions;
  const triangles = head.parts.body;
  const { lips } = head.masks;
  const occlusion = head.occlusion;
  // Light skin lets red light through further than dark skin.
  const t = 1 - 0.6 * skin.tone;
  const wrap: [number, number, number] = [0.42 * t, 0.22 * t, 0.16 * t];
  const halfLength = Math.hypot(light.key[0], light.key[1], light.key[2] + 1);
  const half = [light.key[0] / halfLength, light.key[1] / halfLength, (light.key[2] + 1) / halfLength];
  const fold = foldDepth(person);
  const creased = fold > 0.05 || skin.wear > 0.15;
  const lit = new Float32Array(3);
  return (triangle, wa, wb, wc, out) => {
    const a = triangles[triangle];
    const b = triangles[triangle + 1];
    const c = triangles[triangle + 2];
    const a3 = a * 3;
    const b3 = b * 3;
    const c3 = c * 3;
    let nx = wa * normals[a3] + wb * normals[b3] + wc * normals[c3];
    let ny = wa * normals[a3 + 1] + wb * normals[b3 + 1] + wc * normals[c3 + 1];
    let nz = wa * normals[a3 + 2] + wb * normals[b3 + 2] + wc * normals[c3 + 2];
    const length = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12);
    nx *= length;
    ny *= length;
    nz *= length;
    const rx = wa * rest[a3] + wb * rest[b3] + wc * rest[c3];
    const ry = wa * rest[a3 + 1] + wb * rest[b3 + 1] + wc * rest[c3 + 1];
    const rz = wa * rest[a3 + 2] + wb * rest[b3 + 2] + wc * rest[c3 + 2];
    const shadow = shadows.surface(
      wa * positions[a3] + wb * positions[b3] + wc * positions[c3],
      wa * positions[a3 + 1] + wb * positions[b3 + 1] + wc * positions[c3 + 1],
      wa * positions[a3 + 2] + wb * positions[b3 + 2] + wc * positions[c3 + 2],
    );
    const open = wa * occlusion[a] + wb * occlusion[b] + wc * occlusion[c];
    irradiance(light, nx, ny, nz, wrap, shadow, open * (0.35 + 0.65 * open), lit);

    const pores = noise3(rx * 34, ry * 34, rz * 34) + noise3(rx * 71, ry * 71, rz * 71) - 1;
    let grain = 1 + 0.07 * pores;
    if (skin.freckles > 0 && rz > -0.3 && ry < 0.15 && ry > -0.75) {
      const fleck = noise3(rx * 41 + 5, ry * 41, rz * 41 + 9);
      grain *= 1 - skin.freckles * 0.2 * smoothstep(0.68, 0.85, fleck);
    }
    if (creased && rz > -0.45) grain *= 1 - creases(Math.abs(rx), ry, fold, skin.wear);
    const lip = smoothstep(0.3, 0.62, wa * lips[a] + wb * lips[b] + wc * lips[c]) * skin.lipstick;
    const lines = lip > 0 ? 0.92 + 0.16 * noise3(rx * 46, ry * 7, 3) : 1;
    const facing = 1 - clamp(nz);
    const highlight = Math.max(0, nx * half[0] + ny * half[1] + nz * half[2]);
    const h4 = highlight * highlight * highlight * highlight;
    const broad = h4 * h4 * h4;
    const gloss = shadow * skin.shine * (1 + 0.5 * pores);
    const sharp = broad * broad * broad * (lip > 0 ? 0.2 : 0.1);
    const specular = gloss * (0.045 * broad + sharp * 0.6) + 0.05 * facing * facing * facing * open;
    for (let k = 0; k < 3; k++) {
      let colour = (wa * colours[a3 + k] + wb * colours[b3 + k] + wc * colours[c3 + k]) * grain;
      colour += (skin.lips[k] * lines - colour) * lip;
      // Light between close surfaces of skin is red.
      const bleed = k === 0 ? 1 + 0.25 * (1 - open) * t : 1;
      out[k] = colour * lit[k] * bleed + specular * light.keyColour[k];
    }
  };
}
