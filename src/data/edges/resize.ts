/** Resizes a map of floats [h, w]: bilinear with half-pixel centres, the filter widened when it shrinks (antialiased). */
export function resizeMap(
  map: Float32Array,
  height: number,
  width: number,
  newHeight: number,
  newWidth: number,
): Float32Array {
  const rows = weights(height, newHeight);
  const columns = weights(width, newWidth);
  const narrow = new Float32Array(height * newWidth);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, values }, x) => {
      let sum = 0;
      for (let k = 0; k < values.length; k++) sum += values[k] * map[y * width + first + k];
      narrow[y * newWidth + x] = sum;
    });
  }
  const result = new Float32Array(newHeight * newWidth);
  rows.forEach(({ first, values }, y) => {
    for (let k = 0; k < values.length; k++) {
      const source = (first + k) * newWidth;
      for (let x = 0; x < newWidth; x++) result[y * newWidth + x] += values[k] * narrow[source + x];
    }
  });
  return result;
}

/** For every new position the old positions that it averages, with weights of sum 1. */
function weights(length: number, newLength: number): { first: number; values: number[] }[] {
  const scale = length / newLength;
  const reach = Math.max(1, scale);
  return Array.from({ length: newLength }, (_, i) => {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(length - 1, Math.floor(centre + reach));
    const values = Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k - centre) / reach),
    );
    const sum = values.reduce((a, b) => a + b, 0);
    return { first, values: values.map((v) => v / sum) };
  });
}
