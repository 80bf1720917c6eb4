/** Puts what a network drew back into the photo: inside the hole only, and smoothly there. */
import { mirrored, type Raster, type Region } from './raster.ts';
import { type RowSource, scaleRows } from './resample.ts';

/** Steps of the distance to a neighbour beside and a diagonal one, in thirds of a pixel (Borgefors, 1986). */
const BESIDE = 3;
const DIAGONAL = 4;

/**
 * The photo with its hole filled, RGBA bytes at the photo's resolution; alpha stays. Pixels outside the hole are the
 * photo's own bytes. Inside, the result takes over from the photo across one network pixel, at least two photo pixels,
 * from the hole's rim, which hides the seam.
 *
 * @param photo RGBA. @param hole see {@link Edit}; hole pixels outside the region stay as they are.
 * @param result [r,r,3] in [-1, 1], the network's picture of the region.
 */
export function blend(
  photo: Raster,
  hole: Raster,
  result: Float32Array,
  region: Region,
): Uint8ClampedArray<ArrayBuffer> {
  const side = Math.sqrt(result.length / 3);
  const { width, height } = photo;
  const out = new Uint8ClampedArray(photo.data);
  const feather = Math.max(2, Math.round(region.size / side));
  const depth = depths(hole, region, feather);
  const inPhoto = (y: number) => region.y + y >= 0 && region.y + y < height;
  const firstX = Math.max(0, -region.x);
  const lastX = Math.min(region.size, width - region.x);
  const useRow = (row: Float32Array, y: number) => {
    for (let x = firstX; x < lastX; x++) {
      const inside = depth[y * region.size + x];
      if (inside === 0) continue;
      const weight = Math.min(1, inside / (BESIDE * (feather + 1)));
      const target = ((region.y + y) * width + region.x + x) * 4;
      for (let c = 0; c < 3; c++) {
        const drawn = Math.min(255, Math.max(0, (row[x * 3 + c] + 1) * 127.5));
        out[target + c] = Math.round(drawn * weight + photo.data[target + c] * (1 - weight));
      }
    }
  };
  const hasHole = (y: number) => depth.subarray(y * region.size, (y + 1) * region.size).some((d) => d > 0);
  scaleRows(
    square(result, side),
    { x: 0, y: 0, size: side },
    region.size,
    useRow,
    (y) => inPhoto(y) && hasHole(y),
  );
  return out;
}

function square(data: Float32Array, side: number): RowSource {
  return {
    width: side,
    height: side,
    channels: 3,
    read(y, row) {
      row.set(data.subarray(y * side * 3, (y + 1) * side * 3));
    },
  };
}

/**
 * How far each pixel of a region is from the nearest known pixel, in thirds of a pixel, 0 outside the hole; no more
 * than it takes for `feather`. The photo's border is no rim of the hole.
 */
function depths(hole: Raster, region: Region, feather: number): Uint16Array {
  const { size } = region;
  const most = BESIDE * (feather + 1);
  const depth = new Uint16Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    const row = mirrored(region.y + y, hole.height) * hole.width;
    for (let x = 0; x < size; x++, i++)
      if (hole.data[row + mirrored(region.x + x, hole.width)]) depth[i] = most;
  }
  const nearer = (i: number, neighbour: number, step: number) => {
    if (depth[neighbour] + step < depth[i]) depth[i] = depth[neighbour] + step;
  };
  const visit = (x: number, y: number, before: -1 | 1) => {
    const i = y * size + x;
    if (depth[i] === 0) return;
    const row = i + before * size;
    const hasRow = before === -1 ? y > 0 : y < size - 1;
    if (before === -1 ? x > 0 : x < size - 1) nearer(i, i + before, BESIDE);
    if (!hasRow) return;
    nearer(i, row, BESIDE);
    if (x > 0) nearer(i, row - 1, DIAGONAL);
    if (x < size - 1) nearer(i, row + 1, DIAGONAL);
  };
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) visit(x, y, -1);
  for (let y = size - 1; y >= 0; y--) for (let x = size - 1; x >= 0; x--) visit(x, y, 1);
  return depth;
}
