/**
 * What a network is given of an edit: the region around the hole at the network's resolution. The photo is scaled, the
 * hole grows to whole pixels, lines become one pixel wide as in training, strokes of colour are averaged.
 */
import { thin } from '../data/edges.ts';
import { type Edit, mirrored, type Raster, type Region, type Size } from './raster.ts';
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
    channels: 3,
    read(y, row) {
      for (let x = 0, i = y * width * 4, o = 0; x < width; x++, i += 4) {
        const alpha = data[i + 3];
        for (let c = 0; c < 3; c++, o++) {
          const value = data[i + c];
          row[o] = alpha === 255 ? value : 255 + ((value - 255) * alpha) / 255;
        }
      }
    },
  };
}

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

/**
 * The old pixels that each of `count` new ones lies on, in whole or in part: [first, last + 1] for each new pixel, one pair
 * after the other. The tolerance keeps rounding from touching one more.
 */
function spans(start: number, length: number, count: number): Int32Array {
  const result = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    result[2 * i] = Math.floor(start + (i * length) / count + 1e-6);
    result[2 * i + 1] = Math.ceil(start + ((i + 1) * length) / count - 1e-6);
  }
  return result;
}
