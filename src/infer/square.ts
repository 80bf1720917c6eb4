import type { Raster } from './raster.ts';

/** A sketch of one channel in the middle of a square of paper, as wide as its longer side. */
export function squareOnPaper(sketch: Raster): Raster {
  const { width, height, data } = sketch;
  if (width === height) return sketch;
  const side = Math.max(width, height);
  const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
  const square = new Uint8Array(side * side).fill(255);
  for (let y = 0; y < height; y++) {
    square.set(data.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  }
  return { width: side, height: side, data: square };
}
