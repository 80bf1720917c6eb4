/** How weights are stored in files: in single or in half precision. */
export type Precision = 'fp32' | 'fp16';

/** The largest finite number in half precision. */
const MAXIMUM = 65504;

/** Whether all numbers are finite in half precision, too. */
export const fitsFloat16 = (values: Float32Array): boolean =>
  values.every((value) => Math.abs(value) <= MAXIMUM);

/** IEEE 754 half precision to single precision: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
export function widenFloat16(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** bfloat16, which is the upper half of single precision. */
export function widenBfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half * 2 ** 16).buffer);
}

/** 8 bits with 5 of exponent, which are the upper half of half precision. */
export function widenFloat8E5M2(bytes: Uint8Array): Float32Array {
  return widenFloat16(Uint16Array.from(bytes, (byte) => byte << 8));
}

/** 8 bits with 4 of exponent (bias 7) and 3 of fraction, without infinities; all ones is NaN (OCP's FP8, E4M3FN). */
export function widenFloat8E4M3(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (bits) => {
    const sign = bits & 0x80 ? -1 : 1;
    const exponent = (bits >> 3) & 0xf;
    const fraction = bits & 7;
    if (exponent === 15 && fraction === 7) return Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -9;
    return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
  });
}

/** Single precision to the nearest half precision, ties to even; what is too large becomes infinite. */
export function roundToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = roundBits(bits[i]);
  return halves;
}

/** A number's bits in single precision → in half precision. */
function roundBits(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From here on rounding gives 65536 or more.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  const exponent = magnitude >>> 23;
  // Below 2^-14 a half has fewer digits, the last of them worth 2^-24.
  const dropped = exponent >= 113 ? 13 : Math.min(126 - exponent, 25);
  const digits = exponent >= 113 ? magnitude - (112 << 23) : (magnitude & 0x7fffff) | 0x800000;
  const rest = digits & ((1 << dropped) - 1);
  const kept = digits >>> dropped;
  const half = 1 << (dropped - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}
