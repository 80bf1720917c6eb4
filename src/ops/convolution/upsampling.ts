/**
 * Nearest ×2 upsampling and a 3×3 convolution. Plainly that convolves an image of four times as many pixels, in which
 * neighbours are equal. Here taps that fall on equal pixels are summed first, which leaves 4 of 9 multiplications; a
 * convolution of the small image then gives four results a pixel, which are interleaved.
 */
import { depthToSpace } from '../depth-to-space.ts';
import { withGradient } from '../gradients.ts';
import { arrangePixels, gatherPixels, range, single } from '../pixels.ts';
import { type Tensor, type Tensor3D, type Tensor4D, tf } from '../tf.ts';
import { tuned } from '../tuning.ts';
import { convolveReflected } from './reflection-padding.ts';
import { convolve } from './zero-padding.ts';

/** What lies beyond the border of the large image, by one pixel. */
export type Border = 'reflected' | 'zero';

/** Up to so many pixels an image is too small for folding to pay, as the folded kernel is larger. */
const FEW_PIXELS = 16;

/** Whether {@link convolveUpsampled} folds the kernel for an input [n,h,w,c]. */
export const isFolded = ([, h, w]: Tensor4D['shape']): boolean => !tuned() || h * w > FEW_PIXELS;

/**
 * x [n,h,w,c] doubled in height and width by nearest neighbour and convolved with a kernel [3,3,c,f]: [n,2h,2w,f].
 *
 * @param folded the kernel's {@link foldKernel}, where it is known already.
 */
export function convolveUpsampled(
  x: Tensor4D,
  kernel: Tensor4D,
  border: Border = 'reflected',
  folded?: Tensor4D,
): Tensor4D {
  return tf.tidy(() => {
    if (!isFolded(x.shape)) {
      const large = doubled(x);
      return border === 'reflected'
        ? convolveReflected(large, kernel, { stride: 1, pad: 1, mode: 'REFLECT' })
        : convolve(large, kernel, { padding: 1 });
    }
    const small = folded ?? foldKernel(kernel);
    // Reflecting the doubled image by one repeats the border pixel.
    return interleavePhases(
      border === 'reflected'
        ? convolveReflected(x, small, { stride: 1, pad: 1, mode: 'SYMMETRIC' })
        : convolve(x, small, { padding: 1 }),
    );
  });
}

/** Every pixel as a square of four. */
function doubled(x: Tensor4D): Tensor4D {
  const [, h, w] = x.shape;
  const twice = (size: number) => single(range(2 * size).map((place) => place >> 1));
  return withGradient(
    [x],
    () => arrangePixels(x, twice(h), twice(w)),
    (dy) => [() => tf.mul(tf.avgPool(dy as Tensor4D, 2, 2, 'valid'), 4)],
  ) as Tensor4D;
}

/**
 * A 3×3 kernel [3,3,c,f] as one of 2×2 [2,2,c,4f] for the small image: of the nine taps that each of the four phases
 * of the large image sees, those that fall on the same small pixel are summed into one.
 */
export function foldKernel(kernel: Tensor4D): Tensor4D {
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
  const [n, height, width, channels] = all.shape;
  const [h, w] = [height - 1, width - 1];
  if (!tuned()) {
    const parts = tf.split(all, 4, 3).map((part, phase) => {
      const row = phase >> 1;
      const column = phase & 1;
      return tf.slice(part, [0, row, column, 0], [-1, h, w, -1]);
    });
    return depthToSpace(tf.concat(parts, 3) as Tensor4D, 2);
  }
  const rowLength = 4 * width;
  return withGradient(
    [all],
    () => {
      // Each small pixel as four, one a phase.
      const pixels = tf.reshape(all, [n, height * rowLength, channels / 4]) as Tensor3D;
      const rows = range(2 * h).map((y) => ((y >> 1) + (y & 1)) * rowLength + 2 * (y & 1));
      const columns = range(2 * w).map((x) => 4 * ((x >> 1) + (x & 1)) + (x & 1));
      return gatherPixels(pixels, single(rows), single(columns));
    },
    (dy) => [
      () => {
        // Of the outermost pixels some phases lie outside of the large image: their gradient is zero.
        const framed = tf.pad(dy as Tensor4D, [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]);
        const pairs = (size: number) => range(size).map((place) => [2 * place + 1, 2 * place]);
        return arrangePixels(framed, pairs(height), pairs(width));
      },
    ],
  ) as Tensor4D;
}
