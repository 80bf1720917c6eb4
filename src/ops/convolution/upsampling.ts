/**
 * Nearest ×2 upsampling and a 3×3 convolution. Plainly that convolves an image of four times as many pixels, in which
 * neighbours are equal: 36 multiplications a small pixel, channel and filter.
 *
 * On a CPU it takes 9. Along one axis, a kernel a, b, c sees a small pixel v between its neighbours u and w as
 * a u + (b + c) v at its first large pixel and (a + b) v + c w at its second one. These are s v - a (v - u) and
 * s v + c (w - v) with s = a + b + c: three products, of an image and of its differences, which have one pixel each.
 *
 * GPUs, exports and narrow kernels take another form, of 16 multiplications and few operations: taps that fall on equal
 * pixels are summed first, and a convolution of the small image gives four results a pixel, which are interleaved.
 */
import { depthToSpace } from '../depth-to-space.ts';
import { withGradient, withoutTape } from '../gradients.ts';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../tf.ts';
import { tuned } from '../tuning.ts';
import { sumOfProducts } from './on-cpu.ts';
import { convolveReflected } from './reflection-padding.ts';
import { convolve } from './zero-padding.ts';

/** What lies beyond the border of the large image, by one pixel. */
export type Border = 'reflected' | 'zero';

/** From this product of channels and filters on, differences take less time than the multiplications that they save. */
const WIDE = 4096;

/**
 * x [n,h,w,c] doubled in height and width by nearest neighbour and convolved with a kernel [3,3,c,f]: [n,2h,2w,f].
 *
 * @param matrices the kernel's {@link matricesOf}, where they are known already.
 */
export function convolveUpsampled(
  x: Tensor4D,
  kernel: Tensor4D,
  border: Border = 'reflected',
  matrices?: KernelMatrices,
): Tensor4D {
  return tf.tidy(() => {
    const [, , channels, filters] = kernel.shape;
    if (tuned() && channels * filters >= WIDE)
      return convolveByDifferences(x, kernel, matrices ?? matricesOf(kernel), border);
    const small = foldKernel(kernel);
    // Reflecting the doubled image by one repeats the border pixel.
    return interleavePhases(
      border === 'reflected'
        ? convolveReflected(x, small, { stride: 1, pad: 1, mode: 'SYMMETRIC' })
        : convolve(x, small, { padding: 1 }),
    );
  });
}

/** What an image and its differences along columns are multiplied by. */
interface ColumnMatrices {
  /** s, [c,f]. */
  readonly ofImage: Tensor2D;
  /** c for the pixel before a difference and -a for the one after it, [c,2f]. */
  readonly ofDifferences: Tensor2D;
}

/** A 3×3 kernel as {@link convolveUpsampled} multiplies by it on a CPU where it is wide: along rows its s, its c and its -a. */
export type KernelMatrices = readonly ColumnMatrices[];

/** s, c and -a of a kernel a, b, c. */
const OF_TAPS = [
  [1, 1, 1],
  [0, 0, 1],
  [-1, 0, 0],
];

/** @param kernel [3,3,c,f]. */
export function matricesOf(kernel: Tensor4D): KernelMatrices {
  const [, , channels, filters] = kernel.shape;
  return tf.tidy(() => {
    const alongBoth = OF_TAPS.flatMap((rows) =>
      OF_TAPS.map((columns) => rows.flatMap((row) => columns.map((column) => row * column))),
    );
    const taps = tf.reshape(kernel, [9, channels * filters]) as Tensor2D;
    const all = tf.split(tf.matMul(tf.tensor2d(alongBoth), taps), 9, 0);
    const matrices = all.map((one) => tf.reshape(one, [channels, filters]) as Tensor2D);
    return [0, 3, 6].map((i) => ({
      ofImage: matrices[i],
      ofDifferences: tf.concat([matrices[i + 1], matrices[i + 2]], 1) as Tensor2D,
    }));
  });
}

/**
 * {@link byDifferences} of which nothing but x and the kernel is kept for the gradient, which goes through it again: the
 * images on the way are several times as large as the result. The products themselves are not needed again, and a compiled
 * step leaves them out.
 */
function convolveByDifferences(x: Tensor4D, kernel: Tensor4D, matrices: KernelMatrices, border: Border) {
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel, ...matrices.flatMap(({ ofImage, ofDifferences }) => [ofImage, ofDifferences])]);
      return tf.tidy(() => byDifferences(x, matrices, border));
    },
    (dy, [savedX, savedKernel, ...saved]) => {
      const matrices = [0, 2, 4].map(
        (i) => ({ ofImage: saved[i], ofDifferences: saved[i + 1] }) as ColumnMatrices,
      );
      const ofX = (x: Tensor) => byDifferences(x as Tensor4D, matrices, border);
      const ofKernel = (kernel: Tensor) =>
        byDifferences(savedX as Tensor4D, matricesOf(kernel as Tensor4D), border);
      return [
        () => withoutTape(() => tf.grad(ofX)(savedX, dy)),
        () => withoutTape(() => tf.grad(ofKernel)(savedKernel, dy)),
      ];
    },
  ) as Tensor4D;
}

function byDifferences(x: Tensor4D, [ofImage, ...ofDifferences]: KernelMatrices, border: Border): Tensor4D {
  const image = doubledColumns(x, ofImage, border);
  const doubled = interleaved([image, image], 1);
  const rows = differences(x, 1, border);
  if (rows.size === 0) return doubled;
  const changes = ofDifferences.map((matrices) => doubledColumns(rows, matrices, border));
  return tf.add(doubled, fitted(interleaved(changes, 1), 1, border));
}

/** x [n,h,w,c] doubled in width alone and convolved with a kernel of three columns: [n,h,2w,f]. */
function doubledColumns(x: Tensor4D, { ofImage, ofDifferences }: ColumnMatrices, border: Border): Tensor4D {
  const [n, h] = x.shape;
  const image = product(x, ofImage);
  const doubled = interleaved([image, image], 2);
  const columns = differences(x, 2, border);
  if (columns.size === 0) return doubled;
  const changes = tf.reshape(product(columns, ofDifferences), [n, h, -1, image.shape[3]]) as Tensor4D;
  return tf.add(doubled, fitted(changes, 2, border));
}

/** Rows (axis 1) or columns (axis 2) of two images by turns. */
function interleaved([first, second]: readonly Tensor4D[], axis: 1 | 2): Tensor4D {
  const shape = first.shape.map((size, i) => (i === axis ? 2 * size : size)) as Tensor4D['shape'];
  return tf.reshape(tf.concat([first, second], axis + 1), shape);
}

/** What each row or column of x has more than the one before it. A reflected border has no difference, a zero one has. */
function differences(x: Tensor4D, axis: 1 | 2, border: Border): Tensor4D {
  const inner = (of: Tensor4D) => tf.sub<Tensor4D>(cut(of, axis, 1, 0), cut(of, axis, 0, 1));
  const outer = (of: Tensor4D) => tf.sub<Tensor4D>(extended(of, axis, 0, 1), extended(of, axis, 1, 0));
  const [forwards, backwards] = border === 'reflected' ? [inner, outer] : [outer, inner];
  return withGradient(
    [x],
    () => forwards(x),
    (dy) => [() => tf.neg(backwards(dy as Tensor4D))],
  ) as Tensor4D;
}

/** What differences change, in the large image. */
const fitted = (changes: Tensor4D, axis: 1 | 2, border: Border): Tensor4D =>
  border === 'reflected' ? extended(changes, axis, 1, 1) : cut(changes, axis, 1, 1);

/** x with so many rows or columns of zeros more at both ends. */
function extended(x: Tensor4D, axis: 1 | 2, before: number, after: number): Tensor4D {
  return tf.pad(
    x,
    x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0])),
  );
}

/** x with so many rows or columns less. */
function cut(x: Tensor4D, axis: 1 | 2, before: number, after: number): Tensor4D {
  const begin = x.shape.map((_, i) => (i === axis ? before : 0));
  const size = x.shape.map((length, i) => (i === axis ? length - before - after : length));
  return tf.slice(x, begin, size);
}

/** Every pixel of x [n,h,w,c] times a matrix [c,f]. */
function product(x: Tensor4D, matrix: Tensor2D): Tensor4D {
  const [n, h, w, channels] = x.shape;
  const [, filters] = matrix.shape;
  const pixelsOf = (t: Tensor, width: number) => tf.reshape(t, [-1, width]) as Tensor2D;
  return withGradient(
    [x, matrix],
    (save) => {
      save([x, matrix]);
      return tf.reshape(tf.matMul(pixelsOf(x, channels), matrix), [n, h, w, filters]);
    },
    (dy, [savedX, savedMatrix]) => [
      () => tf.reshape(tf.matMul(pixelsOf(dy, filters), savedMatrix as Tensor2D, false, true), x.shape),
      () => sumOfProducts(pixelsOf(savedX, channels), pixelsOf(dy, filters)),
    ],
  ) as Tensor4D;
}

/**
 * A 3×3 kernel [3,3,c,f] as one of 2×2 [2,2,c,4f] for the small image: of the nine taps that each of the four phases
 * of the large image sees, those that fall on the same small pixel are summed into one.
 */
function foldKernel(kernel: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const phases = foldPairs(kernel, 0).flatMap((rows) => foldPairs(rows, 1));
    return tf.concat(phases, 3) as Tensor4D;
  });
}

/**
 * Folds three taps along `axis` to two: once as even rows (or columns) of the large image see them, once as odd ones.
 */
function foldPairs(kernel: Tensor, axis: number): [Tensor, Tensor] {
  const [first, middle, last] = tf.split(kernel, 3, axis) as [Tensor, Tensor, Tensor];
  return [tf.concat([first, tf.add(middle, last)], axis), tf.concat([tf.add(first, middle), last], axis)];
}

/**
 * Interleaves the four phases of the large image: [n,h+1,w+1,4f] → [n,2h,2w,f]. Odd rows begin one row further down in
 * their phase than even ones, odd columns one further right.
 */
function interleavePhases(all: Tensor4D): Tensor4D {
  const [, height, width] = all.shape;
  const [h, w] = [height - 1, width - 1];
  const parts = tf.split(all, 4, 3).map((part, phase) => {
    const row = phase >> 1;
    const column = phase & 1;
    return tf.slice(part, [0, row, column, 0], [-1, h, w, -1]);
  });
  return depthToSpace(tf.concat(parts, 3) as Tensor4D, 2);
}
