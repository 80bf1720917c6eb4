/** The portable generator of the fixtures' unstored tensors (manifest.generator). */

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The finaliser of murmur3. */
function mixBits(value: number): number {
  let z = value;
  z ^= z >>> 16;
  z = Math.imul(z, 0x85ebca6b);
  z ^= z >>> 13;
  z = Math.imul(z, 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** `size` values in [lo, hi) that depend on name and seed alone, the same in every language. */
export function hashUniform(name: string, size: number, seed: number, lo: number, hi: number): Float32Array {
  const base = mixBits((fnv1a32(name) ^ seed) | 0);
  return Float32Array.from({ length: size }, (_, index) => {
    const z = mixBits((base + Math.imul(index + 1, 0x9e3779b9)) | 0);
    return lo + (hi - lo) * ((z >>> 8) / 2 ** 24);
  });
}

/** The value of a network's entry, by the ranges that the manifest gives: `name` is its prefix and state-dict key. */
export function hashWeights(
  name: string,
  shape: readonly number[],
  seed: number,
  gain: number,
): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const fanIn = shape.slice(1).reduce((product, length) => product * length, 1);
  const uniform = (lo: number, hi: number) => hashUniform(name, size, seed, lo, hi);
  if (name.endsWith('weight_u') || name.endsWith('weight_v')) return normalised(uniform(-1, 1));
  if (name.endsWith('running_mean')) return uniform(-0.1, 0.1);
  if (name.endsWith('running_var')) return uniform(0.5, 1.5);
  if (name.endsWith('style.bias')) {
    const gamma = hashUniform(`${name}#gamma`, size / 2, seed, 0.8, 1.2);
    const beta = hashUniform(`${name}#beta`, size / 2, seed, -0.2, 0.2);
    return Float32Array.from([...gamma, ...beta]);
  }
  if (name.endsWith('bias')) return uniform(-0.1, 0.1);
  if (shape.length === 4) return uniform(-gain * Math.sqrt(6 / fanIn), gain * Math.sqrt(6 / fanIn));
  if (shape.length === 2) return uniform(-Math.sqrt(9 / fanIn), Math.sqrt(9 / fanIn));
  return uniform(0.8, 1.2);
}

function normalised(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}
