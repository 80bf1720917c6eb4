/**
 * Convolution with zero padding, stride or dilation, whose gradients can be differentiated again where a gradient
 * penalty needs it. TF.js's own has no gradient with dilation nor with a number as padding.
 */
import { withGradient } from './gradients.ts';
import { type Attribute, attribute, runOp } from './raw.ts';
import { type Tensor4D, tf } from './tf.ts';

export interface Window {
  /** 1 by default. */
  readonly stride?: number;
  /** Distance of the kernel's taps, px; 1 by default. Above 1 the stride must be 1. */
  readonly dilation?: number;
  /**
   * Pixels of zeros on every side (as torch's `padding`), or `same`: so many that the result has ceil(size / stride)
   * pixels, an odd one at the bottom and right (as TensorFlow's).
   */
  readonly padding: number | 'same';
}

type Shape = Tensor4D['shape'];

/** Pixels of the result along a side of `size`, with a kernel of `taps`. */
export function windowedSize(size: number, taps: number, window: Window): number {
  const { stride = 1, dilation = 1, padding } = window;
  if (padding === 'same') return Math.ceil(size / stride);
  return Math.floor((size + 2 * padding - (taps - 1) * dilation - 1) / stride) + 1;
}

/** x [n,h,w,c] by a kernel [k,l,c,filters] → [n,h',w',filters]. Differentiable twice with respect to x. */
export function convolve(x: Tensor4D, kernel: Tensor4D, window: Window): Tensor4D {
  if ((window.stride ?? 1) > 1 && (window.dilation ?? 1) > 1)
    throw new RangeError('A convolution has a stride or a dilation, not both');
  return withGradient(
    [x, kernel],
    (save) => {
      save([x, kernel]);
      return runOp('Conv2D', attributes(window), [x, kernel]);
    },
    (dy, [savedX, savedKernel]) => [
      () => inputGradient(dy as Tensor4D, savedKernel as Tensor4D, x.shape, window),
      () => filterGradient(dy as Tensor4D, savedX as Tensor4D, kernel.shape, window),
    ],
  ) as Tensor4D;
}

/** The gradient of {@link convolve} with respect to its input; linear in dy and in the kernel, and differentiable. */
function inputGradient(dy: Tensor4D, kernel: Tensor4D, shape: Shape, window: Window): Tensor4D {
  const run = (): Tensor4D => {
    if ((window.dilation ?? 1) === 1) return backpropInput(dy, kernel, shape, attributes(window));
    const { block, pads, excess } = blocksOf(shape, kernel.shape, window);
    const inner: Shape = [
      shape[0] * block ** 2,
      (shape[1] + pads[0]![0]! + pads[0]![1]!) / block,
      (shape[2] + pads[1]![0]! + pads[1]![1]!) / block,
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
  if ((window.dilation ?? 1) === 1) return backpropFilter(x, dy, shape, attributes(window));
  const { block, pads, excess } = blocksOf(x.shape, shape, window);
  const [xs, dys] = [
    tf.spaceToBatchND(x, [block, block], pads),
    tf.spaceToBatchND(dy, [block, block], excess),
  ];
  return backpropFilter(xs, dys, shape, VALID());
}

/**
 * How a dilated convolution is a plain one over blocks, every dilation-th pixel in a picture of its own: TensorFlow
 * has no dilated gradient on the CPU. `pads` are the convolution's zeros and as many (`excess`) as make the sides
 * divisible, [[top, bottom], [left, right]].
 */
function blocksOf(shape: Shape, kernel: Shape, window: Window) {
  const block = window.dilation!;
  const excess: number[][] = [];
  const pads = [0, 1].map((side) => {
    const [size, reach] = [shape[side + 1]!, (kernel[side]! - 1) * block];
    const total = window.padding === 'same' ? reach : 2 * window.padding;
    const before = total >> 1;
    const more = (block - ((size + total) % block)) % block;
    excess.push([0, more]);
    return [before, total - before + more];
  });
  return { block, pads, excess };
}

const backpropInput = (dy: Tensor4D, kernel: Tensor4D, shape: Shape, how: Attribute[]): Tensor4D =>
  runOp('Conv2DBackpropInput', how, [tf.tensor1d(shape, 'int32'), kernel, dy]) as Tensor4D;

const backpropFilter = (x: Tensor4D, dy: Tensor4D, shape: Shape, how: Attribute[]): Tensor4D =>
  runOp('Conv2DBackpropFilter', how, [x, tf.tensor1d(shape, 'int32'), dy]) as Tensor4D;

function attributes({ stride = 1, dilation = 1, padding }: Window): Attribute[] {
  const common = [
    attribute.type('T', 'float32'),
    attribute.int('strides', [1, stride, stride, 1]),
    attribute.int('dilations', [1, dilation, dilation, 1]),
    attribute.string('data_format', 'NHWC'),
  ];
  if (padding === 'same') return [...common, attribute.string('padding', 'SAME')];
  if (padding === 0) return [...common, attribute.string('padding', 'VALID')];
  const sides = [0, 0, padding, padding, padding, padding, 0, 0];
  return [...common, attribute.string('padding', 'EXPLICIT'), attribute.int('explicit_paddings', sides)];
}

const VALID = () => attributes({ padding: 0 });
