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
