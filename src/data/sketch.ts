/** Building blocks of sketch degradation; sketches are [n,h,w,1]. */
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../ops/tf.ts';
import type { RandomStream } from '../runtime/seed.ts';

/** Pads height and width by `pad` pixels equal to the border (torch ReplicationPad2d). */
function replicationPad(x: Tensor4D, pad: number): Tensor4D {
  const clamped = (size: number) =>
    tf.tensor1d(
      Array.from({ length: size + 2 * pad }, (_, i) => Math.min(size - 1, Math.max(0, i - pad))),
      'int32',
    );
  return tf.tidy(() => tf.gather(tf.gather(x, clamped(x.shape[1]), 1), clamped(x.shape[2]), 2));
}

/** Correlation of each channel's plane with one kernel [k,k], k odd; the border is replicated, the size kept. */
function filter(x: Tensor4D, kernel: Tensor2D): Tensor4D {
  const size = kernel.shape[0];
  return tf.tidy(() => {
    const weights = tf.reshape(kernel, [size, size, 1, 1]) as Tensor4D;
    return tf.conv2d(replicationPad(x, (size - 1) / 2), weights, 1, 'valid');
  });
}

/** A Gaussian kernel [size,size] of weights exp(-r² / (2 sigma²)), r in px from the centre, of the given sum. */
function gaussianKernel(size: number, sigma: number, sum: number): Tensor2D {
  const centre = (size - 1) / 2;
  const values = Array.from({ length: size * size }, (_, i) => {
    const row = Math.floor(i / size) - centre;
    const column = (i % size) - centre;
    return Math.exp(-(row * row + column * column) / (2 * sigma * sigma));
  });
  const scale = sum / values.reduce((total, value) => total + value, 0);
  return tf.tensor2d(
    values.map((value) => value * scale),
    [size, size],
  );
}

/** Kernel size and sigma, px. The original uses `wide` at 256 and 64 px and `narrow` at 128 px. */
export const SMOOTHING = { wide: { size: 7, sigma: 0.8 }, narrow: { size: 5, sigma: 0.55 } } as const;

/** The smoothing kernel [size,size]: a Gaussian of sum 2, so that one-pixel lines come out about three pixels wide. */
export function smoothingKernel({ size, sigma }: { size: number; sigma: number }): Tensor2D {
  return gaussianKernel(size, sigma, 2);
}

/**
 * Makes one-pixel lines about three pixels wide and smooth: 1 - 2 clamp(gaussian * (1 - sketch), 0, 1). Sketch
 * [n,h,w,1] in [-1, 1], -1 = line, in and out (MyDilateBlur, roughSketchSyn.py:37-65).
 */
export function smoothSketch(sketch: Tensor4D, kernel: { size: number; sigma: number }): Tensor4D {
  return tf.tidy(() => {
    const ink = filter(tf.sub(1, sketch), smoothingKernel(kernel));
    return tf.sub(1, tf.mul(tf.clipByValue(ink, 0, 1), 2));
  });
}

/**
 * Dilates the lines of a sketch [n,h,w,1] in [-1, 1] by a square of the given diameter, px, which may be any real
 * number: between two odd diameters their box sums, before clamping, are mixed linearly. The diameter counts as at
 * least 1, which changes nothing, and at most the first odd number not below `maxDilation`
 * (ConditionalDilate, roughSketchSyn.py:68-107).
 *
 * @param diameter one for all, or [n or 1, 1].
 */
export function dilateSketch(sketch: Tensor4D, diameter: number | Tensor2D, maxDilation: number): Tensor4D {
  const [, h, w] = sketch.shape;
  return tf.tidy(() => {
    const most = Math.floor(maxDilation / 2) * 2 + 1;
    const given = typeof diameter === 'number' ? tf.fill([1, 1], diameter) : diameter;
    const exact = tf.expandDims(tf.clipByValue(given, 1, most), 2);
    // Box sums of side 2r + 1 are the product of one matrix over rows and one over columns.
    const radius = tf.floor(tf.div(tf.sub(exact, 1), 2));
    const ink = tf.squeeze(tf.div(tf.sub(1, sketch), 2), [3]);
    const sums = (r: Tensor) => {
      const rows = boxMatrix(h, r);
      return tf.matMul(rows, tf.matMul(ink, h === w ? rows : boxMatrix(w, r), false, true));
    };
    const inner = sums(radius);
    const share = tf.sub(tf.div(tf.sub(exact, 1), 2), radius);
    const sum = tf.add(inner, tf.mul(tf.sub(sums(tf.add(radius, 1)), inner), share));
    return tf.expandDims(tf.sub(1, tf.mul(tf.clipByValue(sum, 0, 1), 2)), 3) as Tensor4D;
  });
}

/**
 * The matrix [n,size,size] whose product with a column sums 2r + 1 neighbours, the border being replicated; r [n,1,1]
 * is whole.
 */
function boxMatrix(size: number, radius: Tensor): Tensor {
  const place = tf.range(0, size);
  const row = tf.reshape(place, [1, size, 1]);
  const column = tf.reshape(place, [1, 1, size]);
  const near = tf.cast(tf.lessEqual(tf.abs(tf.sub(row, column)), radius), 'float32');
  // A border pixel also stands for those beyond it that the box reaches.
  const beyond = (distance: Tensor, border: Tensor) => tf.mul(tf.relu(tf.sub(radius, distance)), border);
  const first = tf.cast(tf.equal(column, 0), 'float32');
  const last = tf.cast(tf.equal(column, size - 1), 'float32');
  return tf.add(near, tf.add(beyond(row, first), beyond(tf.sub(size - 1, row), last)));
}

/** A box in px. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

/** Draws for one sample of side `size` none, one or two boxes of an eighth to a quarter of it. */
export function drawDiscardBoxes(size: number, random: RandomStream): Box[] {
  const side = Math.floor(size / 8);
  return Array.from({ length: random.integer(0, 3) }, () => {
    const width = random.integer(side, side * 2);
    const height = random.integer(side, side * 2);
    return { width, height, x: random.integer(0, size - width), y: random.integer(0, size - height) };
  });
}

/** Boxes as a mask [n,size,size,1], 1 = in a box. `boxes` has one list a sample. */
export function boxMask(boxes: readonly (readonly Box[])[], size: number): Tensor4D {
  const mask = new Float32Array(boxes.length * size * size);
  boxes.forEach((list, sample) => {
    for (const box of list)
      for (let row = box.y; row < box.y + box.height; row++) {
        const start = (sample * size + row) * size + box.x;
        mask.fill(1, start, start + box.width);
      }
  });
  return tf.tensor4d(mask, [boxes.length, size, size, 1]);
}

/**
 * Wipes a sketch [n,s,s,1] clean (to paper, +1) where a mask of its shape is 1, so that G learns to draw what is missing
 * (random_discard, roughSketchSyn.py:20-31).
 */
export function discard(sketch: Tensor4D, mask: Tensor4D): Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(sketch, tf.sub(1, mask)), mask));
}

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

/** The bound of a displacement of up to `maxMove` px in a picture of side `size`, as {@link deformSketch} takes it. */
export const displacementBound = (maxMove: number, size: number): number => (2 * maxMove) / size;

/**
 * The places that the pixels of the deformed picture come from, in [-1, 1], -1 and 1 being the centres of the first and
 * last pixel.
 *
 * @param bound of the displacement: a scalar, see {@link displacementBound}.
 */
export function deformationGrid({ x, y }: DeformationOffsets, size: number, bound: Tensor): DeformationGrid {
  return tf.tidy(() => {
    const ramp = tf.linspace(-1, 1, size);
    const moved = (offsets: Tensor4D, still: Tensor) => {
      const smooth = tf.mul(filter(offsets, deformationKernel()), bound) as Tensor4D;
      const coarse: Tensor4D = tf.maximum(tf.minimum(smooth, bound), tf.neg(bound));
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
 * Moves the lines of a sketch [n,s,s,1] by smooth random displacements
 * (RandomDeform, roughSketchSyn.py:131-179). Bilinear with aligned corners, torch 1.2's only grid_sample.
 *
 * @param bound of the displacement: a scalar, see {@link displacementBound}.
 */
export function deformSketch(sketch: Tensor4D, offsets: DeformationOffsets, bound: Tensor): Tensor4D {
  return tf.tidy(() => sampleGrid(sketch, deformationGrid(offsets, sketch.shape[1], bound)));
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

/**
 * Bilinear downsampling of x [n,h,w,c] by a whole factor with aligned corners and no antialiasing, as the original
 * resizes everything (torch 1.2's F.interpolate(align_corners=True)).
 */
export function downsample(x: Tensor4D, factor: number): Tensor4D {
  if (factor === 1) return x;
  return tf.image.resizeBilinear(x, [x.shape[1] / factor, x.shape[2] / factor], true);
}

/** A smaller hole mask [n,h,w,1] of 0 and 1: every pixel that a hole pixel touches is a hole (models.py:553). */
export function downsampleHole(hole: Tensor4D, factor: number): Tensor4D {
  // The tolerance keeps rounding in the resize from making holes of what is known.
  return tf.cast(tf.greater(downsample(hole, factor), 5e-5), 'float32') as Tensor4D;
}
