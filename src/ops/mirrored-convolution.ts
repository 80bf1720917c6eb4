/** Convolution of a mirrored picture as one differentiable operation. */
import { filterGradientOf } from './filter-gradient.ts';
import { withGradient } from './gradients.ts';
import { mirrorPad, mirrorPadGradient } from './ops.ts';
import { type MirrorMode, mirrored } from './pixels.ts';
import { runOp } from './raw.ts';
import { convolvePadded } from './strips.ts';
import { type Tensor4D, tf } from './tf.ts';
import { tuned } from './tuning.ts';
import { windowAttributes } from './window.ts';

/**
 * x [n,h,w,c] continued by `pad` mirrored pixels on every side and convolved with a kernel [k,k,c,f], nothing added
 * beyond: [n,h',w',f], h' = floor((h + 2 pad - k) / stride) + 1. Equal to `tf.conv2d` of the padded picture, but what is
 * kept for the gradient is x, which others keep as well, and not its padded copy; that is made again for the kernel's
 * gradient, where one is asked for.
 */
export function convolveMirrored(
  x: Tensor4D,
  kernel: Tensor4D,
  { stride, pad, mode }: { stride: number; pad: number; mode: MirrorMode },
): Tensor4D {
  const [n, h, w, c] = x.shape;
  const attributes = windowAttributes({ stride, padding: 0 });
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel]);
      if (tuned()) return convolvePadded(mirrored(x, pad, mode), kernel, stride);
      return runOp('Conv2D', attributes, [mirrorPad(x, pad, mode), kernel]);
    },
    (dy, [input, weights]) => [
      () => {
        const shape = tf.tensor1d([n, h + 2 * pad, w + 2 * pad, c], 'int32');
        const padded = runOp('Conv2DBackpropInput', attributes, [shape, weights, dy]);
        return mirrorPadGradient(padded as Tensor4D, pad, mode);
      },
      () => {
        const image = input as Tensor4D;
        if (tuned())
          return filterGradientOf(mirrored(image, pad, mode), dy as Tensor4D, kernel.shape, stride);
        const shape = tf.tensor1d(kernel.shape, 'int32');
        return runOp('Conv2DBackpropFilter', attributes, [mirrorPad(image, pad, mode), shape, dy]);
      },
    ],
  ) as Tensor4D;
}
