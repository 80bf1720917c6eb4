/** Colours are linear-light RGB triples, about [0, 1]; sRGB bytes appear only in palettes and in the finished image. */

export type Rgb = readonly [number, number, number];

function toLinear(byte: number): number {
  const v = Math.min(1, Math.max(0, byte / 255));
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

/** A colour given as sRGB values 0-255. */
export function srgb(r: number, g: number, b: number): Rgb {
  return [toLinear(r), toLinear(g), toLinear(b)];
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

export function scale(a: Rgb, s: number): Rgb {
  return [a[0] * s, a[1] * s, a[2] * s];
}

export function multiply(a: Rgb, b: Rgb): Rgb {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}

/** The colour `t` of the way (0-1) along evenly spaced stops. */
export function ramp(stops: readonly Rgb[], t: number): Rgb {
  const k = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(k));
  return mix(stops[i], stops[i + 1], k - i);
}

/** The colour of that hue (turns), saturation and value (0-1), the usual hexcone in sRGB. */
export function hsv(hue: number, saturation: number, value: number): Rgb {
  const channel = (n: number) => {
    const k = (n + hue * 6) % 6;
    return 255 * (value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return srgb(channel(5), channel(3), channel(1));
}

const CURVE_SIZE = 4096;
const CURVE_MAX = 4;
/** Linear light to an sRGB byte with a soft shoulder: highlights roll off instead of clipping, as in a photograph. */
const curve = Uint8Array.from({ length: CURVE_SIZE }, (_, i) => {
  const x = (i / (CURVE_SIZE - 1)) * CURVE_MAX;
  const y = x < 0.6 ? x : 0.6 + 0.4 * (1 - Math.exp(-(x - 0.6) / 0.4));
  const v = y <= 0.0031308 ? y * 12.92 : 1.055 * y ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, v));
});

export function toByte(linear: number): number {
  const i = (linear * (CURVE_SIZE - 1)) / CURVE_MAX;
  return curve[i <= 0 ? 0 : i >= CURVE_SIZE ? CURVE_SIZE - 1 : i | 0];
}
