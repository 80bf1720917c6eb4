/** Scales pictures of floats: cubic, and antialiased where they shrink. */
import { mirrored } from './raster.ts';

/** A picture that gives its rows one by one, so that a large photo need not be held as floats. */
export interface RowSource {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Writes row y [width, channels]. */
  read(y: number, row: Float32Array): void;
}

/** A square of the source, in its px. Beyond the source its mirror image is taken. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** A new pixel is the weighted mean of old ones: `values` [count of new pixels, taps], of sum 1 for each pixel. */
interface Weights {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/**
 * Scales a square of `source` to `newSize` px a side and hands out its rows [newSize, channels] from the top. The filter
 * is Catmull and Rom's cubic, stretched by the factor of shrinking (as Pillow's `BICUBIC`): at a factor of 1 every
 * pixel stays as it is. Values can swing over the source's range by a little at hard edges.
 *
 * @param wanted whether a row is needed at all. @param useRow gets each needed row; it is overwritten afterwards.
 */
export function scaleRows(
  source: RowSource,
  { x, y, size }: Square,
  newSize: number,
  useRow: (row: Float32Array, newY: number) => void,
  wanted: (newY: number) => boolean = () => true,
): void {
  const columns = weights(x, size, newSize, source.width);
  const rows = weights(y, size, newSize, source.height);
  const length = newSize * source.channels;
  const raw = new Float32Array(source.width * source.channels);
  const cache = new Map<number, Float32Array>();
  const result = new Float32Array(length);
  for (let newY = 0; newY < newSize; newY++) {
    if (!wanted(newY)) continue;
    const used = rows.indices.subarray(newY * rows.taps, (newY + 1) * rows.taps);
    for (const old of cache.keys()) if (!used.includes(old)) cache.delete(old);
    result.fill(0);
    used.forEach((sourceY, k) => {
      const weight = rows.values[newY * rows.taps + k];
      if (weight === 0) return;
      let narrow = cache.get(sourceY);
      if (!narrow) {
        source.read(sourceY, raw);
        narrow = scaleRow(raw, source.channels, columns, newSize);
        cache.set(sourceY, narrow);
      }
      for (let i = 0; i < length; i++) result[i] += weight * narrow[i];
    });
    useRow(result, newY);
  }
}

function scaleRow(row: Float32Array, channels: number, columns: Weights, newSize: number): Float32Array {
  const { taps, indices, values } = columns;
  const result = new Float32Array(newSize * channels);
  for (let x = 0; x < newSize; x++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = x * taps; k < (x + 1) * taps; k++) sum += values[k] * row[indices[k] * channels + c];
      result[x * channels + c] = sum;
    }
  }
  return result;
}

function weights(start: number, size: number, newSize: number, length: number): Weights {
  const scale = size / newSize;
  const stretch = Math.max(1, scale);
  const taps = Math.ceil(4 * stretch) + 1;
  const indices = new Int32Array(newSize * taps);
  const values = new Float32Array(newSize * taps);
  for (let i = 0; i < newSize; i++) {
    const centre = start + (i + 0.5) * scale - 0.5;
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
