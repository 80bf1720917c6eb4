/** How many floating-point operations TensorFlow's operations need. */
import type { Attribute } from './raw.ts';

/** An operation: what it is called, and the shapes of what goes in and out. */
interface Operation {
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Shaped[];
  readonly outputs: readonly Shaped[];
}

interface Shaped {
  readonly shape: readonly number[];
}

type Count = (operation: Operation) => number;

const size = ({ shape }: Shaped): number => shape.reduce((product, side) => product * side, 1);

/** Every place of what a kernel [h,w,in,out] makes is a sum over all of it, in whichever layout. */
const convolved = (kernel: Shaped, made: Shaped): number => (2 * size(kernel) * size(made)) / kernel.shape[3];

/** Every number of a depthwise convolution's result is a sum over a kernel's [h,w]. */
const convolvedDepthwise = ([h, w]: readonly number[], made: Shaped): number => 2 * h * w * size(made);

/** Every number of the result is a sum over a row of the first matrix, or over a column where that is transposed. */
function product({ attributes, inputs, outputs }: Operation): number {
  const { shape } = inputs[0];
  const transposed = attributes.some(
    ({ name, value }) => /^(transpose_a|adj_x)$/.test(name) && value === true,
  );
  return 2 * size(outputs[0]) * shape[shape.length - (transposed ? 2 : 1)];
}

const forward: Count = ({ inputs, outputs }) => convolved(inputs[1], outputs[0]);
const forwardDepthwise: Count = ({ inputs, outputs }) => convolvedDepthwise(inputs[1].shape, outputs[0]);

const counts: Readonly<Record<string, Count>> = {
  Conv2D: forward,
  _FusedConv2D: forward,
  Conv2DBackpropInput: ({ inputs }) => convolved(inputs[1], inputs[2]),
  Conv2DBackpropFilter: ({ inputs, outputs }) => convolved(outputs[0], inputs[2]),
  DepthwiseConv2dNative: forwardDepthwise,
  _FusedDepthwiseConv2dNative: forwardDepthwise,
  DepthwiseConv2dNativeBackpropInput: ({ inputs }) => convolvedDepthwise(inputs[1].shape, inputs[2]),
  DepthwiseConv2dNativeBackpropFilter: ({ inputs, outputs }) =>
    convolvedDepthwise(outputs[0].shape, inputs[2]),
  MatMul: product,
  _FusedMatMul: product,
  BatchMatMul: product,
  BatchMatMulV2: product,
};

/**
 * Multiplications and additions of a convolution, of its gradients or of a matrix product as it was executed; 0 for
 * any other operation. Places where a kernel meets padding are counted like all others.
 */
export function floatingPointOperations(operation: Operation): number {
  return counts[operation.op]?.(operation) ?? 0;
}
