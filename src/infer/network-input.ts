/**
 * What a network is given of an edit: the region around the hole at the network's resolution. The photo is scaled, the
 * hole grows to whole pixels, lines become one pixel wide as in training, strokes of colour are averaged.
 */
import { thin } from '../data/edges.ts';
import { type Edit, mirrored, type Raster, type Region, type Size } from './raster.ts';
import type { Bounds } from './region.ts';
import { type RowSource, scaleRows } from './resample.ts';

/** Row by row at r x r px. */
export interface NetworkInput {
  /** [r,r,3] in [-1, 1]. */
  readonly image: Float32Array;
  /** [r,r,1], 1 = hole, 0 = known. */
  readonly hole: Float32Array;
  /** [r,r,1], -1 = line, +1 = paper; lines one pixel wide. */
  readonly sketch: Float32Array;
  /** Strokes of colour [r,r,4], where they are given: RGB in [-1, 1], and 1 = stroke, 0 = none. */
  readonly colour?: Float32Array | undefined;
}

/** What a network makes of its input, row by row at `resolution` = s, which may be less than the input's. */
export interface NetworkOutput {
  readonly resolution: number;
  /** I_out [s,s,3] in [-1, 1], not blended with the photo. */
  readonly result: Float32Array;
  /** S_gen [s,s] in [-1, 1], -1 = line, where the method has one. */
  readonly refinedSketch?: Float32Array | undefined;
  /** I_gen [s,s,3] in [-1, 1], where the method has one. */
  readonly firstImage?: Float32Array | undefined;
  /** The degraded sketch that the networks saw [s,s] in [-1, 1], where the method has one. */
  readonly roughSketch?: Float32Array | undefined;
}

/** The region of an edit as a network of that resolution takes it. What is transparent is shown over white. */
export function networkInput(edit: Edit, region: Region, resolution: number): NetworkInput {
  const lines = thinLines(edit.sketch, edit.photo, region, resolution);
  return {
    image: scalePhoto(edit.photo, region, resolution),
    hole: Float32Array.from(reduceHole(edit.hole, region, resolution)),
    sketch: Float32Array.from(lines, (line) => 1 - 2 * line),
    colour: edit.strokes && reduceStrokes(edit.strokes, edit.photo, region, resolution),
  };
}

/** A region of an RGBA photo as floats [r,r,3] in [-1, 1]. */
export function scalePhoto(photo: Raster, region: Region, resolution: number): Float32Array {
  const image = new Float32Array(resolution * resolution * 3);
  scaleRows(overWhite(photo), region, resolution, (row, y) => {
    const start = y * resolution * 3;
    for (let i = 0; i < row.length; i++)
      image[start + i] = (Math.min(255, Math.max(0, row[i])) / 255 - 0.5) / 0.5;
  });
  return image;
}

function overWhite({ data, width, height }: Raster): RowSource {
  return {
    width,
    height,
    read(y, row, left, right) {
      for (let i = 4 * (y * width + left), o = 3 * left; o < 3 * right; i += 4, o += 3) {
        const alpha = data[i + 3];
        if (alpha === 255) {
          row[o] = data[i];
          row[o + 1] = data[i + 1];
          row[o + 2] = data[i + 2];
        } else for (let c = 0; c < 3; c++) row[o + c] = 255 + ((data[i + c] - 255) * alpha) / 255;
      }
    },
  };
}

/** A pixel darker than this is line: a thin grey line of a smoothing brush counts, the noise of a JPEG does not. */
export const LINE_BELOW = 192;
/** Lines are thinned at up to so many times the network's resolution, so that near lines do not run together. */
export const FINE = 4;
/** Drawings of one-pixel lines have corners and crossings; DeepPS's examples have at most 1.22 pixels on average. */
export const MEAN_WIDTH = 1.5;

/**
 * The lines of a sketch inside a region [resolution * resolution], 1 = line, one pixel wide. Nothing that is drawn is
 * lost: the darkest pixel wins when the sketch shrinks, and what comes out thicker is thinned as training's edges are.
 * A drawing at the network's own scale is left as it is, as by the original, if its lines are that thin on average.
 *
 * @param sketch see {@link Edit}. @param photo the size of the photo that the region is a part of.
 */
export function thinLines(sketch: Raster, photo: Size, region: Region, resolution: number): Uint8Array {
  return thinTouched(touchedByLines(sketch, photo, region, resolution), sketch, photo, region, resolution);
}

/** A reduced raster that is brought up to date where the raster has changed since, px of the raster. */
interface Known<T> {
  readonly reduced: T;
  readonly changed: Bounds;
}

/** The first half of {@link thinLines}: every pixel that a line touches, at the size at which lines are thinned. */
export function touchedByLines(
  sketch: Raster,
  photo: Size,
  region: Region,
  resolution: number,
  known?: Known<Uint8Array>,
): Uint8Array {
  const window = windowOf(sketch, photo, region);
  return touched(sketch, isLine, window, fineSize(window, resolution), known);
}

/** The second half of {@link thinLines}, of which `lines` is the first. */
export function thinTouched(
  lines: Uint8Array,
  sketch: Size,
  photo: Size,
  region: Region,
  resolution: number,
): Uint8Array {
  const window = windowOf(sketch, photo, region);
  const fine = fineSize(window, resolution);
  const thinned = thin(lines, fine, fine);
  const ownScale = window.width === resolution && window.height === resolution;
  if (ownScale && count(lines) < MEAN_WIDTH * count(thinned)) return lines.slice();
  if (fine === resolution) return thinned;
  const whole = { x: 0, y: 0, width: fine, height: fine };
  const reduced = touched({ data: thinned, width: fine, height: fine }, isMarked, whole, resolution);
  return thin(reduced, resolution, resolution);
}

function fineSize({ width, height }: Window, resolution: number): number {
  return Math.max(resolution, Math.min(FINE * resolution, Math.ceil(Math.max(width, height))));
}

/** A hole of the photo's size at the network's resolution: every pixel that a hole pixel touches is a hole. */
export function reduceHole(
  hole: Raster,
  { x, y, size }: Region,
  resolution: number,
  known?: Known<Uint8Array>,
): Uint8Array {
  return touched(hole, isMarked, { x, y, width: size, height: size }, resolution, known);
}

/** Which bytes are marks, by their value: a table, as a function would be called for every pixel of a photo. */
const isLine = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < LINE_BELOW));
const isMarked = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte !== 0));

/** Whether a window's pixels [size * size] contain a marked pixel of the raster, in whole or in part: 1 = they do. */
function touched(
  raster: Raster,
  marked: Uint8Array,
  window: Window,
  size: number,
  known?: Known<Uint8Array>,
): Uint8Array {
  const { data, width } = raster;
  const cells = reductionOf(raster, window, size, known?.changed);
  const { columns, rows } = cells;
  const result = known?.reduced ?? new Uint8Array(size * size);
  for (let y = cells.top; y < cells.bottom; y++) {
    result.fill(0, y * size + cells.left, y * size + cells.right);
    for (let sourceY = rows.spans[2 * y]; sourceY < rows.spans[2 * y + 1]; sourceY++) {
      const row = rows.places[sourceY - rows.first] * width;
      for (let x = cells.left; x < cells.right; x++) {
        if (result[y * size + x]) continue;
        for (let i = columns.spans[2 * x]; i < columns.spans[2 * x + 1]; i++) {
          if (marked[data[row + columns.places[i - columns.first]]]) {
            result[y * size + x] = 1;
            break;
          }
        }
      }
    }
  }
  return result;
}

const count = (lines: Uint8Array): number => lines.reduce((sum, line) => sum + line, 0);

/** A pixel that is at least half opaque belongs to a stroke. */
export const OPAQUE_FROM = 128;

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
  known?: Known<Float32Array>,
): Float32Array {
  const cells = reductionOf(strokes, windowOf(strokes, photo, region), resolution, known?.changed);
  const { columns, rows } = cells;
  const result = known?.reduced ?? new Float32Array(4 * resolution * resolution);
  for (let newY = cells.top; newY < cells.bottom; newY++) {
    for (let newX = cells.left; newX < cells.right; newX++) {
      const out = 4 * (newY * resolution + newX);
      const sum = [0, 0, 0];
      let count = 0;
      for (let oldY = rows.spans[2 * newY]; oldY < rows.spans[2 * newY + 1]; oldY++) {
        const row = rows.places[oldY - rows.first] * strokes.width;
        for (let oldX = columns.spans[2 * newX]; oldX < columns.spans[2 * newX + 1]; oldX++) {
          const pixel = row + columns.places[oldX - columns.first];
          if (!isStroke(strokes, pixel)) continue;
          count += 1;
          for (let c = 0; c < 3; c++) sum[c] += strokes.data[4 * pixel + c];
        }
      }
      for (let c = 0; c < 3; c++) result[out + c] = count === 0 ? 0 : sum[c] / count / 127.5 - 1;
      result[out + 3] = Number(count > 0);
    }
  }
  return result;
}

/** The part of a raster that stands for a region of a photo, px of the raster, which may be fractions. */
interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** @param raster of the photo's shape. */
function windowOf(raster: Size, photo: Size, region: Region): Window {
  const [scaleX, scaleY] = [raster.width / photo.width, raster.height / photo.height];
  return {
    x: region.x * scaleX,
    y: region.y * scaleY,
    width: region.size * scaleX,
    height: region.size * scaleY,
  };
}

/** Along one side of a window: which old pixels each new one lies on, in whole or in part, and where they are. */
interface Axis {
  /** [first, last + 1] for each new pixel, one pair after the other. */
  readonly spans: Int32Array;
  /** The first old pixel of all. */
  readonly first: number;
  /** The place in the raster of each old pixel from the first one on: beyond its border lies its mirror image. */
  readonly places: Int32Array;
}

/** The tolerance keeps rounding from touching one pixel more. */
function axisOf(start: number, length: number, count: number, available: number): Axis {
  const spans = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    spans[2 * i] = Math.floor(start + (i * length) / count + 1e-6);
    spans[2 * i + 1] = Math.ceil(start + ((i + 1) * length) / count - 1e-6);
  }
  const first = spans[0];
  const places = Int32Array.from({ length: spans[2 * count - 1] - first }, (_, i) =>
    mirrored(first + i, available),
  );
  return { spans, first, places };
}

/** How a window of a raster is reduced to `size` px a side, and which of the new pixels touch what has changed. */
function reductionOf(raster: Size, window: Window, size: number, changed?: Bounds) {
  const columns = axisOf(window.x, window.width, size, raster.width);
  const rows = axisOf(window.y, window.height, size, raster.height);
  const [left, right] = touching(columns, changed && [changed.left, changed.right], size, raster.width);
  const [top, bottom] = touching(rows, changed && [changed.top, changed.bottom], size, raster.height);
  return { columns, rows, left, top, right, bottom };
}

/** The new pixels [begin, end] of an axis that lie on changed old ones; all where something is mirrored. */
function touching(
  { spans, first, places }: Axis,
  changed: readonly [number, number] | undefined,
  count: number,
  available: number,
): [number, number] {
  const isMirrored = first < 0 || first + places.length > available;
  if (!changed || isMirrored) return [0, count];
  let [begin, end] = [0, count];
  while (begin < end && spans[2 * begin + 1] <= changed[0]) begin++;
  while (end > begin && spans[2 * (end - 1)] >= changed[1]) end--;
  return [begin, end];
}
