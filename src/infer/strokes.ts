/** Strokes of colour, as a user draws them, to what networks are given. */
import { mirrored, type Raster, type Region, type Size } from './raster.ts';
import { spans, windowOf } from './window.ts';

/** A pixel that is at least half opaque belongs to a stroke. */
const OPAQUE_FROM = 128;

export const isStroke = ({ data }: Raster, pixel: number): boolean => data[4 * pixel + 3] >= OPAQUE_FROM;

/**
 * The strokes inside a region [resolution, resolution, 4]: RGB in [-1, 1], and 1 where there is a stroke; all 0 where
 * there is none. Every pixel that a stroke touches is stroke, so that no thin one is lost, and has the strokes' mean colour.
 *
 * @param strokes see {@link Edit}. @param photo the size of the photo that the region is a part of.
 */
export function reduceStrokes(
  strokes: Raster,
  photo: Size,
  region: Region,
  resolution: number,
): Float32Array {
  const { x, y, width, height } = windowOf(strokes, photo, region);
  const columns = spans(x, width, resolution);
  const rows = spans(y, height, resolution);
  const result = new Float32Array(4 * resolution * resolution);
  for (let newY = 0, out = 0; newY < resolution; newY++) {
    for (let newX = 0; newX < resolution; newX++, out += 4) {
      const sum = [0, 0, 0];
      let count = 0;
      for (let oldY = rows[2 * newY]; oldY < rows[2 * newY + 1]; oldY++) {
        const row = mirrored(oldY, strokes.height) * strokes.width;
        for (let oldX = columns[2 * newX]; oldX < columns[2 * newX + 1]; oldX++) {
          const pixel = row + mirrored(oldX, strokes.width);
          if (!isStroke(strokes, pixel)) continue;
          count += 1;
          for (let c = 0; c < 3; c++) sum[c] += strokes.data[4 * pixel + c];
        }
      }
      if (count === 0) continue;
      for (let c = 0; c < 3; c++) result[out + c] = sum[c] / count / 127.5 - 1;
      result[out + 3] = 1;
    }
  }
  return result;
}
