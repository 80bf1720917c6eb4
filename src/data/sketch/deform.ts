import type { RandomStream } from '../../runtime/seed.ts';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../runtime/tf.ts';
import { filter, gaussianKernel } from './filters.ts';

/** Side of the coarse grid of random offsets. */
const GRID = 16;
const FILTER_SIZE = 9;
/** Full width at half maximum of the Gaussian that smooths the offsets, in grid cells. */
const FILTER_WIDTH = 4;

/** Offsets of a coarse grid over the picture, each [n,16,16,1], standard normal. */
export interface DeformationOffsets {
  readonly x: Tensor4D;
  readonly y: Tensor4D;
}

/** Draws the offsets for n samples. */
export function drawOffsets(count: number, random: RandomStream): DeformationOffsets {
  const plane = () =>
    tf.tensor4d(
      Float32Array.from({ length: count * GRID * GRID }, () => random.normal()),
      [count, GRID, GRID, 1],
    );
  return { x: plane(), y: plane() };
}

/** The filter [9,9] that smooths the coarse offsets. */
export function deformationKernel(): Tensor2D {
  return gaussianKernel(FILTER_SIZE, FILTER_WIDTH / Math.sqrt(8 * Math.LN2), 1);
}

/**
 * Where each pixel of the deformed picture comes from: [n,s,s,2], (x, y) in [-1, 1], -1 and 1 being the centres of
 * the first and last pixel.
 *
 * @param maxMove bound of the displacement, px.
 */
export function deformationGrid({ x, y }: DeformationOffsets, size: number, maxMove: number): Tensor4D {
  return tf.tidy(() => {
    const bound = (2 * maxMove) / size;
    const displacement = (offsets: Tensor4D) => {
      const smooth = tf.mul(filter(offsets, deformationKernel()), bound) as Tensor4D;
      return tf.image.resizeBilinear(tf.clipByValue(smooth, -bound, bound), [size, size], false, true);
    };
    const ramp = tf.linspace(-1, 1, size);
    const column = tf.reshape(ramp, [1, 1, size, 1]);
    const row = tf.reshape(ramp, [1, size, 1, 1]);
    const grid = tf.concat([tf.add(displacement(x), column), tf.add(displacement(y), row)], 3);
    return tf.clipByValue(grid, -1, 1) as Tensor4D;
  });
}

/**
 * Moves the lines of a sketch [n,s,s,1] by smooth random displacements of up to `maxMove` px
 * (RandomDeform, roughSketchSyn.py:131-179). Bilinear with aligned corners, torch 1.2's only grid_sample.
 */
export function deformSketch(sketch: Tensor4D, offsets: DeformationOffsets, maxMove: number): Tensor4D {
  return tf.tidy(() => sampleGrid(sketch, deformationGrid(offsets, sketch.shape[1], maxMove)));
}

/** Bilinear samples of x [n,s,s,1] at the places of a grid [n,s,s,2] as {@link deformationGrid} gives it. */
function sampleGrid(x: Tensor4D, grid: Tensor4D): Tensor4D {
  const [count, size] = x.shape;
  const position = tf.mul(tf.add(grid, 1), (size - 1) / 2);
  // The last pixel is reached with a weight of 1 from the one before, so that its neighbour always exists.
  const corner = tf.minimum(tf.floor(position), size - 2);
  const [fx, fy] = tf.split(tf.sub(position, corner), 2, 3) as [Tensor, Tensor];
  const [cx, cy] = tf.split(tf.cast(corner, 'int32'), 2, 3) as [Tensor, Tensor];
  const image = tf.mul(tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1, 1, 1]), size * size);
  const index = tf.add(tf.add(image, tf.mul(cy, size)), cx);
  const flat = tf.reshape(x, [-1]);
  const at = (offset: number) => tf.gather(flat, tf.cast(tf.add(index, offset), 'int32'));
  const mix = (a: Tensor, b: Tensor, t: Tensor) => tf.add(tf.mul(a, tf.sub(1, t)), tf.mul(b, t));
  return mix(mix(at(0), at(1), fx), mix(at(size), at(size + 1), fx), fy) as Tensor4D;
}
