/** ReLU and LeakyReLU as one TensorFlow operation each; TF.js composes the latter's gradient from several. */
import { withGradient } from './gradients.ts';
import { type Attribute, attribute, runOp } from './raw.ts';
import type { Tensor } from './tf.ts';

const float = () => attribute.type('T', 'float32');

/** max(x, 0). */
export function relu(x: Tensor): Tensor {
  return withGradient(
    [x],
    (save) => {
      const y = runOp('Relu', [float()], [x]);
      save([y]);
      return y;
    },
    (dy, [y]) => [() => runOp('ReluGrad', [float()], [dy, y])],
  );
}

/** max(x, slope * x), slope in [0, 1). Differentiable twice, but for slope 0. */
export function leakyRelu(x: Tensor, slope: number): Tensor {
  if (slope === 0) return relu(x);
  const attributes = [float(), attribute.float('alpha', slope)];
  return withGradient(
    [x],
    // The gradient needs the sign of x alone, which the result has as well; and the next operation keeps the result anyway.
    (save) => {
      const y = runOp('LeakyRelu', attributes, [x]);
      save([y]);
      return y;
    },
    (dy, [y]) => [() => leakyReluGradient(dy, y, attributes)],
  );
}

/** LeakyReluGrad, differentiable with respect to dy; of y it uses the sign alone. */
function leakyReluGradient(dy: Tensor, y: Tensor, attributes: Attribute[]): Tensor {
  return withGradient(
    [dy],
    (save) => {
      save([y]);
      return runOp('LeakyReluGrad', attributes, [dy, y]);
    },
    (ddx, [saved]) => [() => leakyReluGradient(ddx, saved, attributes)],
  );
}
