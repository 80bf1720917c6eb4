/** How many floating-point operations a computation needs. */
import { type Execution, watchOperations } from '../src/ops/raw.ts';
import type { Tensor } from '../src/ops/tf.ts';
import type { Work } from './works.ts';

type Count = (execution: Execution) => number;

/** Every place of what a kernel [h,w,in,out] makes is a sum over all of it, in whichever layout. */
const convolved = (kernel: Tensor, made: Tensor): number => (2 * kernel.size * made.size) / kernel.shape[3]!;

/** Every number of a depthwise convolution's result is a sum over a kernel's [h,w]. */
const convolvedDepthwise = ([h, w]: readonly number[], made: Tensor): number => 2 * h * w * made.size;

/** Every number of the result is a sum over a row of the first matrix, or over a column where that is transposed. */
function product({ attributes, inputs, outputs }: Execution): number {
  const { shape } = inputs[0];
  const transposed = attributes.some(
    ({ name, value }) => /^(transpose_a|adj_x)$/.test(name) && value === true,
  );
  return 2 * outputs[0].size * shape.at(transposed ? -2 : -1)!;
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
export function floatingPointOperations(execution: Execution): number {
  return counts[execution.op]?.(execution) ?? 0;
}

/** Those of all that runs during one iteration. */
export async function countOperations({ iterate }: Pick<Work, 'iterate'>): Promise<number> {
  let sum = 0;
  const stop = watchOperations({
    executed(execution) {
      sum += floatingPointOperations(execution);
    },
  });
  try {
    await iterate();
  } finally {
    stop();
  }
  return sum;
}
