/** Makes hole of all pixels of a mask [n, n] within `radius` of the straight line from a to b, which are (x, y) in px. */
export function drawCapsule(
  mask: Uint8Array,
  n: number,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  radius: number,
): void {
  const dx = bx - ax;
  const dy = by - ay;
  const lengthSquared = Math.max(dx * dx + dy * dy, 1e-12);
  const left = Math.max(0, Math.ceil(Math.min(ax, bx) - radius));
  const right = Math.min(n - 1, Math.floor(Math.max(ax, bx) + radius));
  const top = Math.max(0, Math.ceil(Math.min(ay, by) - radius));
  const bottom = Math.min(n - 1, Math.floor(Math.max(ay, by) + radius));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / lengthSquared, 0), 1);
      const ox = x - ax - along * dx;
      const oy = y - ay - along * dy;
      if (ox * ox + oy * oy <= radius * radius) mask[y * n + x] = 1;
    }
  }
}
