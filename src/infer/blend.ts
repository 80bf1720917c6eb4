/** Puts what a network drew back into the photo: inside the hole only, and smoothly there. */
import { enlargement, isEnlarged, sharpened, textureFor } from './detail.ts';
import type { Raster, Region } from './raster.ts';
import { type Bounds, holeBounds } from './region.ts';
import { type RowSource, scaleRows } from './resample.ts';

/** Steps of the distance to a neighbour beside and a diagonal one, in thirds of a pixel (Borgefors, 1986). */
export const BESIDE = 3;
export const DIAGONAL = 4;

/**
 * The photo with its hole filled, RGBA bytes at the photo's resolution; alpha stays. Pixels outside the hole are the
 * photo's own bytes. Inside, the result takes over from the photo across one network pixel, at least two photo pixels,
 * from the hole's rim, which hides the seam.
 *
 * @param photo RGBA. @param hole see {@link Edit}; hole pixels outside the region stay as they are.
 * @param result [r,r,3] in [-1, 1], the network's picture of the region. @param detail whether it is sharpened and given the
 *   photo's texture where it is enlarged, see detail.ts.
 */
export function blend(
  photo: Raster,
  hole: Raster,
  result: Float32Array,
  region: Region,
  detail: boolean,
): Uint8ClampedArray<ArrayBuffer> {
  const bounds = holeBounds(hole);
  const rect = bounds && visible(bounds, region);
  if (!rect || rect.right <= rect.left || rect.bottom <= rect.top) return new Uint8ClampedArray(photo.data);
  return patched(photo, rect, blendPart(photo, hole, result, region, rect, detail));
}

/** What of a hole the network is shown, and can change: px of the photo. */
export function visible({ left, top, right, bottom }: Bounds, { x, y, size }: Region): Bounds {
  return {
    left: Math.max(left, x),
    top: Math.max(top, y),
    right: Math.min(right, x + size),
    bottom: Math.min(bottom, y + size),
  };
}

/** A photo with a rectangle of it replaced, RGBA bytes. @param pixels of the rectangle, RGBA. */
export function patched(photo: Raster, rect: Bounds, pixels: Raster['data']): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(photo.data);
  const rowBytes = 4 * (rect.right - rect.left);
  for (let y = rect.top, from = 0; y < rect.bottom; y++, from += rowBytes)
    data.set(pixels.subarray(from, from + rowBytes), 4 * (y * photo.width + rect.left));
  return data;
}

/**
 * A part of what {@link blend} gives, RGBA bytes. Nothing else is read or computed.
 *
 * @param rect px of the photo, inside the region. All of the hole that is in the region must be inside it.
 */
export function blendPart(
  photo: Raster,
  hole: Raster,
  result: Float32Array,
  region: Region,
  rect: Bounds,
  detail: boolean,
): Uint8ClampedArray<ArrayBuffer> {
  const side = Math.sqrt(result.length / 3);
  const feather = Math.max(2, Math.round(enlargement(side, region)));
  const withDetail = detail && isEnlarged(side, region);
  const texture = withDetail ? textureFor(photo, hole, result, region, rect) : undefined;
  const source = withDetail
    ? sharpened(result, region, rect)
    : { ...square(result, side), square: { x: 0, y: 0, size: side } };
  const width = Math.max(0, rect.right - rect.left);
  const out = new Uint8ClampedArray(4 * width * Math.max(0, rect.bottom - rect.top));
  // A hole's rim is between it and the pixels around it; the borders of the photo and of the region are none.
  const around = visible({ left: 0, top: 0, right: photo.width, bottom: photo.height }, region);
  const grown = {
    left: Math.max(rect.left - 1, around.left),
    top: Math.max(rect.top - 1, around.top),
    right: Math.min(rect.right + 1, around.right),
    bottom: Math.min(rect.bottom + 1, around.bottom),
  };
  const depth = depths(hole, grown, feather);
  const stride = grown.right - grown.left;
  const useRow = (row: Float32Array, newY: number) => {
    const y = region.y + newY;
    const from = 4 * (y * photo.width + rect.left);
    const to = 4 * (y - rect.top) * width;
    out.set(photo.data.subarray(from, from + 4 * width), to);
    const inRow = (y - grown.top) * stride + rect.left - grown.left;
    for (let x = 0; x < width; x++) {
      const inside = depth[inRow + x];
      if (inside === 0) continue;
      const weight = Math.min(1, inside / (BESIDE * (feather + 1)));
      const grain = texture ? texture[to / 4 + x] : 0;
      for (let c = 0; c < 3; c++) {
        const drawn = Math.min(255, Math.max(0, (row[x * 3 + c] + 1) * 127.5 + grain));
        out[to + 4 * x + c] = Math.round(drawn * weight + photo.data[from + 4 * x + c] * (1 - weight));
      }
    }
  };
  scaleRows(source, source.square, region.size, useRow, {
    left: rect.left - region.x,
    top: rect.top - region.y,
    right: rect.right - region.x,
    bottom: rect.bottom - region.y,
  });
  return out;
}

function square(data: Float32Array, side: number): RowSource {
  return {
    width: side,
    height: side,
    read(y, row) {
      row.set(data.subarray(y * side * 3, (y + 1) * side * 3));
    },
  };
}

/**
 * How far each pixel of a part of a hole is from the nearest known pixel of that part, in thirds of a pixel, 0 outside the
 * hole; no more than it takes for `feather`. The part's border is no rim of the hole.
 */
function depths(hole: Raster, { left, top, right, bottom }: Bounds, feather: number): Uint16Array {
  const [width, height] = [right - left, bottom - top];
  const most = BESIDE * (feather + 1);
  const depth = new Uint16Array(Math.max(0, width) * Math.max(0, height));
  for (let y = 0, i = 0; y < height; y++) {
    const row = (top + y) * hole.width + left;
    for (let x = 0; x < width; x++, i++) if (hole.data[row + x]) depth[i] = most;
  }
  const nearer = (i: number, neighbour: number, step: number) => {
    if (depth[neighbour] + step < depth[i]) depth[i] = depth[neighbour] + step;
  };
  const visit = (x: number, y: number, before: -1 | 1) => {
    const i = y * width + x;
    if (depth[i] === 0) return;
    const row = i + before * width;
    const hasRow = before === -1 ? y > 0 : y < height - 1;
    if (before === -1 ? x > 0 : x < width - 1) nearer(i, i + before, BESIDE);
    if (!hasRow) return;
    nearer(i, row, BESIDE);
    if (x > 0) nearer(i, row - 1, DIAGONAL);
    if (x < width - 1) nearer(i, row + 1, DIAGONAL);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit(x, y, -1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) visit(x, y, 1);
  return depth;
}
