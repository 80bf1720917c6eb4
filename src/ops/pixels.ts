/**
 * Copies of an image's pixels in any arrangement. Plainly these are pads, slices, transpositions and concatenations;
 * one GatherV2 is faster on a CPU because it touches every pixel once.
 */
import { attribute, runOp } from './raw.ts';
import { type Tensor3D, type Tensor4D, tf } from './tf.ts';

/**
 * A padded image that does not exist yet: for each of its rows and columns the number of the one in x that it repeats.
 */
export interface Padded {
  /** [n,h,w,c]. */
  readonly x: Tensor4D;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** x without padding. */
export function unpadded(x: Tensor4D): Padded {
  const [, h, w] = x.shape;
  return { x, rows: range(h), columns: range(w) };
}

/** The padded image itself [n, rows, columns, c]; not differentiable. */
export function padPixels({ x, rows, columns }: Padded): Tensor4D {
  if (rows.length === x.shape[1] && columns.length === x.shape[2]) return x;
  return arrangePixels(x, single(rows), single(columns));
}

/**
 * An image made of pixels of x [n,h,w,c]. Each of its pixels has the channels of one or more pixels of x, one after the
 * other: those at all pairs of the places that `rows` gives for its row and `columns` for its column. [n, rows.length,
 * columns.length, pairs c]; not differentiable.
 *
 * @param rows places in [0, h), the same number of them for every row.
 * @param columns places in [0, w), the same number of them for every column.
 */
export function arrangePixels(
  x: Tensor4D,
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): Tensor4D {
  const [n, h, w, c] = x.shape;
  const starts = rows.map((row) => row.map((place) => place * w));
  return gatherPixels(tf.reshape(x, [n, h * w, c]), starts, columns);
}

/** As {@link arrangePixels}, but of a list of pixels [n,p,c]: a pair of places means the pixel at their sum. */
export function gatherPixels(
  pixels: Tensor3D,
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): Tensor4D {
  const [n, , c] = pixels.shape;
  const pairs = rows[0].length * columns[0].length;
  const places = new Int32Array(rows.length * columns.length * pairs);
  let next = 0;
  for (const row of rows)
    for (const column of columns) for (const start of row) for (const i of column) places[next++] = start + i;
  const attributes = [
    attribute.type('Tparams', 'float32'),
    attribute.type('Tindices', 'int32'),
    attribute.type('Taxis', 'int32'),
    attribute.int('batch_dims', 0),
  ];
  const gathered = runOp('GatherV2', attributes, [pixels, tf.tensor1d(places), tf.scalar(1, 'int32')]);
  return tf.reshape(gathered, [n, rows.length, columns.length, pairs * c]);
}

/** One place for every row or column, in the form that {@link arrangePixels} takes. */
export const single = (places: readonly number[]): number[][] => places.map((place) => [place]);

/** 0, 1, ..., count - 1. */
export const range = (count: number): number[] => [...Array(count).keys()];
