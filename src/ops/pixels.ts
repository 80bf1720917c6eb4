/**
 * Copies of a picture's pixels in any arrangement. Plainly these are pads, slices, transpositions and concatenations; one
 * GatherV2 is faster on a CPU because it touches every pixel once.
 */
import { attribute, runOp } from './raw.ts';
import { type Tensor3D, type Tensor4D, tf } from './tf.ts';

/** A picture continued beyond its borders: which rows and columns of x stand at each of its own. */
export interface Padded {
  /** [n,h,w,c]. */
  readonly x: Tensor4D;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** x as it is. */
export function unpadded(x: Tensor4D): Padded {
  const [, h, w] = x.shape;
  return { x, rows: range(h), columns: range(w) };
}

/** The picture with its border [n, rows, columns, c]; not differentiable. */
export function padPixels({ x, rows, columns }: Padded): Tensor4D {
  if (rows.length === x.shape[1] && columns.length === x.shape[2]) return x;
  return arrangePixels(x, single(rows), single(columns));
}

/**
 * For each row of `rows` and column of `columns` the pixels of x [n,h,w,c] at all pairs of the row's and the column's
 * places, row by row: [n, rows, columns, pairs c]. Not differentiable.
 *
 * @param rows places in [0, h), as many for every row. @param columns likewise, in [0, w).
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

/**
 * As {@link arrangePixels}, of pixels [n,p,c] in a row: the place of each is the sum of a part that its row gives and
 * one that its column gives.
 */
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

/** Each place by itself, as {@link arrangePixels} takes them. */
export const single = (places: readonly number[]): number[][] => places.map((place) => [place]);

/** 0, 1, ..., count - 1. */
export const range = (count: number): number[] => [...Array(count).keys()];
