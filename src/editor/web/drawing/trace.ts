/** From a sketch at a network's resolution to strokes on the photo. */
import type { Region } from '../../../infer/raster.ts';
import type { Point } from './brush.ts';

/**
 * Joins the centres of neighbouring line pixels, so that lines stay lines when they are enlarged.
 *
 * @param sketch [size, size], 0 = line. @param region what the sketch shows of the photo.
 * @returns segments in px of the photo; a pixel that is alone is one of length 0.
 */
export function traceLines(sketch: Uint8Array, size: number, region: Region): [Point, Point][] {
  const scale = region.size / size;
  const isLine = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < size && y < size && sketch[y * size + x] === 0;
  const place = (x: number, y: number): Point => ({
    x: region.x + (x + 0.5) * scale,
    y: region.y + (y + 0.5) * scale,
  });
  const segments: [Point, Point][] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!isLine(x, y)) continue;
      const right = isLine(x + 1, y);
      const below = isLine(x, y + 1);
      const join = (toX: number, toY: number) => segments.push([place(x, y), place(toX, toY)]);
      if (right) join(x + 1, y);
      if (below) join(x, y + 1);
      // Where a way round the corner exists the diagonal would only thicken it.
      if (!right && !below && isLine(x + 1, y + 1)) join(x + 1, y + 1);
      if (!isLine(x - 1, y) && !below && isLine(x - 1, y + 1)) join(x - 1, y + 1);
      if (isAlone(isLine, x, y)) join(x, y);
    }
  }
  return segments;
}

function isAlone(isLine: (x: number, y: number) => boolean, x: number, y: number): boolean {
  for (let dy = -1; dy <= 1; dy++)
    for (let dx = -1; dx <= 1; dx++) if ((dx !== 0 || dy !== 0) && isLine(x + dx, y + dy)) return false;
  return true;
}
