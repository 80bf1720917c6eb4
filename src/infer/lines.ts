/** Drawings of any size and thickness of line to what networks are trained on: lines one pixel wide. */
import { thin } from '../data/edges.ts';
import { mirrored, type Raster, type Region, type Size } from './raster.ts';
import { spans, type Window, windowOf } from './window.ts';

/** A pixel darker than this is line: a thin grey line of a smoothing brush counts, the noise of a JPEG does not. */
export const LINE_BELOW = 192;
/** Lines are thinned at up to so many times the network's resolution, so that near lines do not run together. */
const FINE = 4;
/** Drawings of one-pixel lines have corners and crossings; DeepPS's examples have at most 1.22 pixels on average. */
const MEAN_WIDTH = 1.5;

/**
 * The lines of a sketch inside a region [resolution * resolution], 1 = line, one pixel wide. Nothing that is drawn is
 * lost: the darkest pixel wins when the sketch shrinks, and what comes out thicker is thinned as training's edges are.
 * A drawing at the network's own scale is left as it is, as by the original, if its lines are that thin on average.
 *
 * @param sketch see {@link Edit}. @param photo the size of the photo that the region is a part of.
 */
export function thinLines(sketch: Raster, photo: Size, region: Region, resolution: number): Uint8Array {
  const window = windowOf(sketch, photo, region);
  const drawn = Math.ceil(Math.max(window.width, window.height));
  const fine = Math.max(resolution, Math.min(FINE * resolution, drawn));
  const isLine = (i: number) => sketch.data[i] < LINE_BELOW;
  const lines = touched(sketch, isLine, window, fine);
  const ownScale = window.width === resolution && window.height === resolution;
  const thinned = thin(lines, fine, fine);
  if (ownScale && count(lines) < MEAN_WIDTH * count(thinned)) return lines;
  if (fine === resolution) return thinned;
  const whole = { x: 0, y: 0, width: fine, height: fine };
  const reduced = touched({ width: fine, height: fine }, (i) => thinned[i] === 1, whole, resolution);
  return thin(reduced, resolution, resolution);
}

/** A hole of the photo's size at the network's resolution: every pixel that a hole pixel touches is a hole. */
export function reduceHole(hole: Raster, { x, y, size }: Region, resolution: number): Uint8Array {
  return touched(hole, (i) => hole.data[i] !== 0, { x, y, width: size, height: size }, resolution);
}

/** Whether a window's pixels [size * size] contain a marked pixel of the raster, in whole or in part: 1 = they do. */
function touched(
  raster: Size,
  isMarked: (index: number) => boolean,
  window: Window,
  size: number,
): Uint8Array {
  const columns = spans(window.x, window.width, size);
  const rows = spans(window.y, window.height, size);
  const result = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let sourceY = rows[2 * y]; sourceY < rows[2 * y + 1]; sourceY++) {
      const row = mirrored(sourceY, raster.height) * raster.width;
      for (let x = 0; x < size; x++) {
        if (result[y * size + x]) continue;
        for (let sourceX = columns[2 * x]; sourceX < columns[2 * x + 1]; sourceX++) {
          if (isMarked(row + mirrored(sourceX, raster.width))) result[y * size + x] = 1;
        }
      }
    }
  }
  return result;
}

const count = (lines: Uint8Array): number => lines.reduce((sum, line) => sum + line, 0);
