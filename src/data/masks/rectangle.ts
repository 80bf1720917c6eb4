/** The original's hole masks: rectangles of random size and place, rotated about the centre of the image. */
import type { RandomStream } from '../../runtime/seed.ts';

/** In pixels of an n x n image and whole degrees. */
export interface RectangleHole {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly degrees: number;
}

/** Draws a rectangle as the original's `get_mask` (utils.py:65): sides in [n/4, 3n/4), inside the image, up to 44°. */
export function drawRectangle(n: number, stream: RandomStream): RectangleHole {
  const width = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const height = stream.integer(Math.floor(n / 4), Math.floor((n * 3) / 4));
  const x = stream.integer(0, n - width);
  const y = stream.integer(0, n - height);
  return { width, height, x, y, degrees: stream.integer(0, 45) };
}

/**
 * The mask [n, n] of a rectangle, 1 = hole. Source coordinates are clamped to [0, n-2], so holes at the border are
 * continued into the corners that the rotation uncovers, as in the original.
 */
export function rectangleMask({ width, height, x, y, degrees }: RectangleHole, n: number): Uint8Array {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const centre = (n - 1) / 2;
  const mask = new Uint8Array(n * n);
  for (let r = 0, i = 0; r < n; r++) {
    for (let c = 0; c < n; c++, i++) {
      const sourceRow = cos * (r - centre) - sin * (c - centre) + centre;
      const sourceColumn = sin * (r - centre) + cos * (c - centre) + centre;
      // An upright rectangle sampled bilinearly is the product of two ramps.
      const value = ramp(sourceRow, n, y, height) * ramp(sourceColumn, n, x, width);
      if (value > 0.5) mask[i] = 1;
    }
  }
  return mask;
}

/** Linear interpolation at `t` (clamped to [0, n-2]) of a row of n pixels that is 1 on [start, start + length). */
function ramp(t: number, n: number, start: number, length: number): number {
  const p = Math.min(Math.max(t, 0), n - 2);
  return Math.min(Math.max(Math.min(p - start + 1, start + length - p), 0), 1);
}
