/**
 * Convolution with zero padding, stride or dilation. TF.js's own has no gradient with dilation nor with a number as
 * padding; the gradient with respect to the input can be differentiated again here, which gradient penalties need.
 * Plainly it is Conv2D and its gradients; on a CPU it takes the faster forms of on-cpu.ts, unless it is dilated.
 */
import { withGradient } from '../gradients.ts';
import { unpadded } from '../pixels.ts';
import { type Attribute, runOp } from '../raw.ts';
import { type Tensor4D, tf } from '../tf.ts';
import { tuned } from '../tuning.ts';
import { convolvePadded, filterGradientOf } from './on-cpu.ts';
import { type Window, windowAttributes, zeroPadding } from './window.ts';

type Shape = Tensor4D['shape'];

/** x [n,h,w,c] by a kernel [k,l,c,filters] → [n,h',w',filters]. Differentiable twice with respect to x. */
export function convolve(x: Tensor4D, kernel: Tensor4D, window: Window): Tensor4D {
  if ((window.stride ?? 1) > 1 && (window.dilation ?? 1) > 1)
    throw new RangeError('A convolution has a stride or a dilation, not both');
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel]);
      if (x.shape[0] === 1 && canBeTuned(window))
        return convolvePadded(unpadded(zeroPadded(x, kernel.shape, window)), kernel, window.stride ?? 1);
      return runOp('Conv2D', windowAttributes(window), [x, kernel]);
    },
    (dy, [savedX, savedKernel]) => [
      () => inputGradient(dy as Tensor4D, savedKernel as Tensor4D, x.shape, window),
      () => filterGradient(dy as Tensor4D, savedX as Tensor4D, kernel.shape, window),
    ],
  ) as Tensor4D;
}

/** The gradient of {@link convolve} with respect to its input; linear in dy and in the kernel, and differentiable. */
function inputGradient(dy: Tensor4D, kernel: Tensor4D, shape: Shape, window: Window): Tensor4D {
  const { dilation: block = 1 } = window;
  const run = (): Tensor4D => {
    if (block === 1) return backpropInput(dy, kernel, shape, windowAttributes(window));
    const { pads, excess } = blocksOf(shape, kernel.shape, window, block);
    const inner: Shape = [
      shape[0] * block ** 2,
      (shape[1] + pads[0][0] + pads[0][1]) / block,
      (shape[2] + pads[1][0] + pads[1][1]) / block,
      shape[3],
    ];
    const gradient = backpropInput(tf.spaceToBatchND(dy, [block, block], excess), kernel, inner, VALID());
    return tf.batchToSpaceND(gradient, [block, block], pads);
  };
  return withGradient(
    [dy, kernel],
    (save) => {
      save([dy, kernel]);
      return run();
    },
    (ddx, [savedDy, savedKernel]) => [
      () => convolve(ddx as Tensor4D, savedKernel as Tensor4D, window),
      () => filterGradient(savedDy as Tensor4D, ddx as Tensor4D, kernel.shape, window),
    ],
  ) as Tensor4D;
}

/** The gradient of {@link convolve} with respect to its kernel. */
function filterGradient(dy: Tensor4D, x: Tensor4D, shape: Shape, window: Window): Tensor4D {
  if (canBeTuned(window))
    return filterGradientOf(unpadded(zeroPadded(x, shape, window)), dy, shape, window.stride ?? 1);
  const { dilation: block = 1 } = window;
  if (block === 1) return backpropFilter(x, dy, shape, windowAttributes(window));
  const { pads, excess } = blocksOf(x.shape, shape, window, block);
  const [xs, dys] = [
    tf.spaceToBatchND(x, [block, block], pads),
    tf.spaceToBatchND(dy, [block, block], excess),
  ];
  return backpropFilter(xs, dys, shape, VALID());
}

const canBeTuned = ({ dilation = 1 }: Window): boolean => dilation === 1 && tuned();

function zeroPadded(x: Tensor4D, [taps, tapsAcross]: Shape, window: Window): Tensor4D {
  const [rows, columns] = [
    zeroPadding(x.shape[1], taps, window),
    zeroPadding(x.shape[2], tapsAcross, window),
  ];
  return tf.pad(x, [[0, 0], rows, columns, [0, 0]]);
}

/**
 * TensorFlow has no gradient of a dilated convolution on the CPU. But a convolution with dilation d is a plain one of
 * d² images, each of which has every d-th pixel of every d-th row. For that the sides must be divisible by `block` = d.
 *
 * @returns what to pad the input by, `pads`: the convolution's zeros and as many more as make its sides divisible; and
 *   what to pad the result by, `excess`: these additional ones alone. Both are [[top, bottom], [left, right]].
 */
function blocksOf(shape: Shape, kernel: Shape, window: Window, block: number) {
  const side = (size: number, taps: number) => {
    const [before, after] = zeroPadding(size, taps, window);
    const more = (block - ((size + before + after) % block)) % block;
    return { pads: [before, after + more], excess: [0, more] };
  };
  const sides = [side(shape[1], kernel[0]), side(shape[2], kernel[1])];
  return { pads: sides.map(({ pads }) => pads), excess: sides.map(({ excess }) => excess) };
}

const backpropInput = (dy: Tensor4D, kernel: Tensor4D, shape: Shape, how: Attribute[]): Tensor4D =>
  runOp('Conv2DBackpropInput', how, [tf.tensor1d(shape, 'int32'), kernel, dy]) as Tensor4D;

const backpropFilter = (x: Tensor4D, dy: Tensor4D, shape: Shape, how: Attribute[]): Tensor4D =>
  runOp('Conv2DBackpropFilter', how, [x, tf.tensor1d(shape, 'int32'), dy]) as Tensor4D;

const VALID = () => windowAttributes({ padding: 0 });
