import type { Point } from '../drawing/brush.ts';
import type { Rgb } from '../drawing/changes.ts';
import type { Picture } from './state.ts';

/** The photo's colour at a point, px of the photo; undefined outside. */
export function colourAt({ pictures, drawing }: Picture, { x, y }: Point): Rgb | undefined {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < 0 || top < 0 || left >= drawing.width || top >= drawing.height) return undefined;
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  context?.drawImage(pictures[0], left, top, 1, 1, 0, 0, 1, 1);
  const data = context?.getImageData(0, 0, 1, 1).data;
  return data && [data[0], data[1], data[2]];
}
