/**
 * Procedural noise: functions of position and an integer seed only, so that a face's details need no stored textures
 * and no random stream. All of it is deterministic and allocates nothing.
 */

/** A hash of two integers, uniform in [0, 1). */
export function hash(a: number, b: number): number {
  let h = Math.imul(a | 0, 0x165667b1) ^ Math.imul((b | 0) + 0x27d4eb2f, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** The same, in [-1, 1). */
export function signedHash(a: number, b: number): number {
  return hash(a, b) * 2 - 1;
}

const LATTICE_BITS = 5;
const LATTICE = 1 << LATTICE_BITS;
const lattice = Float32Array.from({ length: LATTICE ** 3 }, (_, i) => hash(i, 77));

/** Smooth value noise in [0, 1) with features of about 1 unit; repeats every 32 units. */
export function noise3(x: number, y: number, z: number): number {
  const xi = Math.floor(x);
  const yi = Math.floor(y);
  const zi = Math.floor(z);
  let fx = x - xi;
  let fy = y - yi;
  let fz = z - zi;
  fx = fx * fx * (3 - 2 * fx);
  fy = fy * fy * (3 - 2 * fy);
  fz = fz * fz * (3 - 2 * fz);
  const m = LATTICE - 1;
  const x0 = xi & m;
  const x1 = (xi + 1) & m;
  const y0 = (yi & m) << LATTICE_BITS;
  const y1 = ((yi + 1) & m) << LATTICE_BITS;
  const z0 = (zi & m) << (2 * LATTICE_BITS);
  const z1 = ((zi + 1) & m) << (2 * LATTICE_BITS);
  const a = lattice[x0 + y0 + z0] + (lattice[x1 + y0 + z0] - lattice[x0 + y0 + z0]) * fx;
  const b = lattice[x0 + y1 + z0] + (lattice[x1 + y1 + z0] - lattice[x0 + y1 + z0]) * fx;
  const c = lattice[x0 + y0 + z1] + (lattice[x1 + y0 + z1] - lattice[x0 + y0 + z1]) * fx;
  const d = lattice[x0 + y1 + z1] + (lattice[x1 + y1 + z1] - lattice[x0 + y1 + z1]) * fx;
  const near = a + (b - a) * fy;
  return near + (c + (d - c) * fy - near) * fz;
}

export function clamp(x: number, lo = 0, hi = 1): number {
  return Math.max(lo, Math.min(hi, x));
}

/** 0 below `lo`, 1 above `hi`, a smooth ramp between; `lo` may exceed `hi` for a falling ramp. */
export function smoothstep(lo: number, hi: number, x: number): number {
  const t = clamp((x - lo) / (hi - lo));
  return t * t * (3 - 2 * t);
}
