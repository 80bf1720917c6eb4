import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';
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

/** Where each pixel of a deformed picture comes from: columns x and rows y, [n,s,s,1] each. */
interface DeformationGrid {
  readonly x: Tensor4D;
  readonly y: Tensor4D;
}

/**
 * The places that the pixels of the deformed picture come from, in [-1, 1], -1 and 1 being the centres of the first and
 * last pixel.
 *
 * @param maxMove bound of the displacement, px.
 */
export function deformationGrid(
  { x, y }: DeformationOffsets,
  size: number,
  maxMove: number,
): DeformationGrid {
  return tf.tidy(() => {
    const bound = (2 * maxMove) / size;
    const ramp = tf.linspace(-1, 1, size);
    const moved = (offsets: Tensor4D, still: Tensor) => {
      const smooth = tf.mul(filter(offsets, deformationKernel()), bound) as Tensor4D;
      const coarse: Tensor4D = tf.clipByValue(smooth, -bound, bound);
      const displacement = tf.image.resizeBilinear(coarse, [size, size], false, true);
      return tf.clipByValue(tf.add(displacement, still), -1, 1) as Tensor4D;
    };
    return {
      x: moved(x, tf.reshape(ramp, [1, 1, size, 1])),
      y: moved(y, tf.reshape(ramp, [1, size, 1, 1])),
    };
  });
}

/**
 * Moves the lines of a sketch [n,s,s,1] by smooth random displacements of up to `maxMove` px
 * (RandomDeform, roughSketchSyn.py:131-179). Bilinear with aligned corners, torch 1.2's only grid_sample.
 */
export function deformSketch(sketch: Tensor4D, offsets: DeformationOffsets, maxMove: number): Tensor4D {
  return tf.tidy(() => sampleGrid(sketch, deformationGrid(offsets, sketch.shape[1], maxMove)));
}

/** Bilinear samples of a picture [n,s,s,1] at the places of a grid as {@link deformationGrid} gives it. */
function sampleGrid(picture: Tensor4D, grid: DeformationGrid): Tensor4D {
  const [count, size] = picture.shape;
  const [x, y] = [corner(grid.x, size), corner(grid.y, size)];
  const first = tf.mul(tf.reshape(tf.range(0, count, 1, 'int32'), [count, 1, 1, 1]), size * size);
  const index = tf.expandDims(tf.add(first, tf.add(tf.mul(y.before, size), x.before)), -1);
  const flat = tf.reshape(picture, [-1]);
  // Not `gather`: it checks every index in JavaScript, which takes ten times as long as to gather.
  const at = (offset: number) => tf.gatherND(flat, tf.cast(tf.add(index, offset), 'int32'));
  const mix = (a: Tensor, b: Tensor, t: Tensor) => tf.add(tf.mul(a, tf.sub(1, t)), tf.mul(b, t));
  return mix(mix(at(0), at(1), x.share), mix(at(size), at(size + 1), x.share), y.share) as Tensor4D;
}

/** For places in [-1, 1] of a row of pixels: the pixel before each, and the share of the one that follows. */
function corner(places: Tensor4D, size: number): { before: Tensor; share: Tensor } {
  const position = tf.mul(tf.add(places, 1), (size - 1) / 2);
  // The last pixel is reached with a share of 1 from the one before, so that a following one always exists.
  const before = tf.minimum(tf.floor(position), size - 2);
  return { before: tf.cast(before, 'int32'), share: tf.sub(position, before) };
}
