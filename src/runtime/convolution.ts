/** Convolution of a mirrored picture as one differentiable operation. */
import { withGradient } from './gradients.ts';
import { type MirrorMode, mirrorPad, mirrorPadGradient } from './ops.ts';
import { type Attribute, attribute, runOp } from './raw.ts';
import { type Tensor4D, tf } from './tf.ts';

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
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel]);
      return tf.conv2d(mirrorPad(x, pad, mode), kernel, stride, 'valid');
    },
    (dy, [input, weights]) => [
      () => {
        const shape = tf.tensor1d([n, h + 2 * pad, w + 2 * pad, c], 'int32');
        const padded = runOp('Conv2DBackpropInput', attributes(stride), [shape, weights!, dy]);
        return mirrorPadGradient(padded as Tensor4D, pad, mode);
      },
      () => {
        const shape = tf.tensor1d(kernel.shape, 'int32');
        const padded = mirrorPad(input as Tensor4D, pad, mode);
        return runOp('Conv2DBackpropFilter', attributes(stride), [padded, shape, dy]);
      },
    ],
  ) as Tensor4D;
}

const attributes = (stride: number): Attribute[] => [
  attribute.type('T', 'float32'),
  attribute.int('strides', [1, stride, stride, 1]),
  attribute.string('padding', 'VALID'),
  attribute.string('data_format', 'NHWC'),
  attribute.bool('use_cudnn_on_gpu', true),
  attribute.int('dilations', [1, 1, 1, 1]),
];
