/** Scales RGB pictures of floats: cubic, and antialiased where they shrink. */
import { mirrored } from './raster.ts';

/** A picture that gives its rows one by one, so that a large photo need not be held as floats. */
export interface RowSource {
  readonly width: number;
  readonly height: number;
  /** Writes row y [width, 3]; of its pixels only those from `left` to before `right` are needed. */
  read(y: number, row: Float32Array, left: number, right: number): void;
}

/** A square of the source, in its px. Beyond the source its mirror image is taken. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** New pixels: `left` and `top` inside, `right` and `bottom` just outside. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Each of some new pixels is the weighted mean of old ones: `values` [count of new pixels, taps], of sum 1 for each pixel. */
interface Weights {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/**
 * Scales a square of `source` to `newSize` px a side and hands out its rows [newSize, 3] from the top. The filter
 * is Catmull and Rom's cubic, stretched by the factor of shrinking (as Pillow's `BICUBIC`): at a factor of 1 every
 * pixel stays as it is. Values can swing over the source's range by a little at hard edges.
 *
 * @param useRow gets each row; it is overwritten afterwards. @param part of the new picture that is needed: rows and
 * columns outside it are left out. By default all.
 */
export function scaleRows(
  source: RowSource,
  { x, y, size }: Square,
  newSize: number,
  useRow: (row: Float32Array, newY: number) => void,
  part: Part = { left: 0, top: 0, right: newSize, bottom: newSize },
): void {
  const { width, height } = source;
  const columns = weights(x, size / newSize, [part.left, part.right], width);
  const rows = weights(y, size / newSize, [part.top, part.bottom], height);
  const first = columns.indices.reduce((least, i) => Math.min(least, i), width);
  const end = columns.indices.reduce((most, i) => Math.max(most, i + 1), 0);
  const raw = new Float32Array(3 * width);
  const cache = new Map<number, Float32Array>();
  const result = new Float32Array(3 * Math.max(0, part.right - part.left));
  for (let newY = part.top, at = 0; newY < part.bottom; newY++, at += rows.taps) {
    const used = rows.indices.subarray(at, at + rows.taps);
    for (const old of cache.keys()) if (!used.includes(old)) cache.delete(old);
    result.fill(0);
    for (let k = 0; k < used.length; k++) {
      const weight = rows.values[at + k];
      if (weight === 0) continue;
      let narrow = cache.get(used[k]);
      if (!narrow) {
        source.read(used[k], raw, first, end);
        narrow = scaleRow(raw, columns);
        cache.set(used[k], narrow);
      }
      for (let i = 0; i < result.length; i++) result[i] += weight * narrow[i];
    }
    useRow(result, newY);
  }
}

function scaleRow(row: Float32Array, { taps, indices, values }: Weights): Float32Array {
  const result = new Float32Array((3 * indices.length) / taps);
  for (let begin = 0, o = 0; begin < indices.length; begin += taps, o += 3) {
    // Three plain numbers: most of the time that a large photo takes is spent here.
    let [red, green, blue] = [0, 0, 0];
    for (let k = begin; k < begin + taps; k++) {
      const value = values[k];
      const at = 3 * indices[k];
      red += value * row[at];
      green += value * row[at + 1];
      blue += value * row[at + 2];
    }
    result[o] = red;
    result[o + 1] = green;
    result[o + 2] = blue;
  }
  return result;
}

/** Of the new pixels from `begin` to before `end`. @param scale old px for a new one. @param length of the old row. */
function weights(start: number, scale: number, [begin, end]: [number, number], length: number): Weights {
  const stretch = Math.max(1, scale);
  const taps = Math.ceil(4 * stretch) + 1;
  const count = Math.max(0, end - begin);
  const indices = new Int32Array(count * taps);
  const values = new Float32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = start + (begin + i + 0.5) * scale - 0.5;
    const first = Math.ceil(centre - 2 * stretch);
    const raw = Array.from({ length: taps }, (_, k) => cubic((first + k - centre) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    for (let k = 0; k < taps; k++) {
      indices[i * taps + k] = mirrored(first + k, length);
      values[i * taps + k] = raw[k] / sum;
    }
  }
  return { taps, indices, values };
}

/** Catmull and Rom's spline, which is Keys's cubic with a = -1/2: 1 at 0, 0 at every other whole number and from 2 on. */
export function cubic(distance: number): number {
  const t = Math.abs(distance);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}
