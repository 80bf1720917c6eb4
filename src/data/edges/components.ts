/** Removes connected lines (eight neighbours) of fewer than `minimumSize` pixels from a binary image [h, w]. */
export function removeSmallComponents(
  binary: Uint8Array,
  height: number,
  width: number,
  minimumSize: number,
): Uint8Array {
  const result = Uint8Array.from(binary);
  const seen = new Uint8Array(binary.length);
  for (let start = 0; start < binary.length; start++) {
    if (!binary[start] || seen[start]) continue;
    seen[start] = 1;
    const component = [start];
    // The list grows while it is walked: a breadth-first search.
    for (let k = 0; k < component.length; k++) {
      const p = component[k];
      const y = Math.floor(p / width);
      const x = p % width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const q = ny * width + nx;
          if (!binary[q] || seen[q]) continue;
          seen[q] = 1;
          component.push(q);
        }
      }
    }
    if (component.length < minimumSize) for (const p of component) result[p] = 0;
  }
  return result;
}
