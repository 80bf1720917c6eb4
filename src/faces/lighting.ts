/** Light on a matt surface, shared by skin, cloth and hats. */
import type { Light } from './person.ts';

/**
 * Writes the light that falls on a surface into `out`.
 * @param wrap how far, per channel, light bleeds past the terminator, as in skin (0 for a plain matt surface).
 * @param shadow the share of key light that arrives; @param occlusion the share of ambient light.
 */
export function irradiance(
  light: Light,
  nx: number,
  ny: number,
  nz: number,
  wrap: readonly [number, number, number],
  shadow: number,
  occlusion: number,
  out: Float32Array,
): void {
  const { key, fill, keyColour, fillColour, sky, ground } = light;
  const k = nx * key[0] + ny * key[1] + nz * key[2];
  const f = nx * fill[0] + ny * fill[1] + nz * fill[2];
  const up = 0.5 + 0.5 * ny;
  for (let c = 0; c < 3; c++) {
    const w = wrap[c];
    const kd = (k + w) / (1 + w);
    const fd = (f + w) / (1 + w);
    // Light that wraps comes through the surface: a cast shadow's edge lets it pass too.
    const lit = shadow + (1 - shadow) * w * 0.35;
    let sum = (ground[c] + (sky[c] - ground[c]) * up) * occlusion;
    if (kd > 0) sum += kd * keyColour[c] * lit;
    if (fd > 0) sum += fd * fillColour[c] * (0.4 + 0.6 * occlusion);
    out[c] = sum;
  }
}
