/** ReLU and LeakyReLU as one TensorFlow operation each; TF.js composes the latter's gradient from several. */
import { withGradient } from './gradients.ts';
import { type Attribute, attribute, runOp } from './raw.ts';
import type { Tensor } from './tf.ts';

const float = () => attribute.type('T', 'float32');

/** max(x, slope * x), slope in [0, 1): ReLU for 0. */
export function rectify(x: Tensor, slope: number): Tensor {
  if (slope === 0)
    return withGradient(
      [x],
      (save) => {
        const y = runOp('Relu', [float()], [x]);
        save([y]);
        return y;
      },
      (dy, [y]) => [() => runOp('ReluGrad', [float()], [dy, y])],
    );
  const attributes = [float(), attribute.float('alpha', slope)];
  return withGradient(
    [x],
    // The result has the sign of x, which is all that the gradient needs, and what follows keeps it as well.
    (save) => {
      const y = runOp('LeakyRelu', attributes, [x]);
      save([y]);
      return y;
    },
    (dy, [y]) => [() => rectifyGradient(dy, y, attributes)],
  );
}

/** LeakyReluGrad, differentiable once more with respect to dy; of y it sees only the sign. */
function rectifyGradient(dy: Tensor, y: Tensor, attributes: Attribute[]): Tensor {
  return withGradient(
    [dy],
    (save) => {
      save([y]);
      return runOp('LeakyReluGrad', attributes, [dy, y]);
    },
    (ddx, [saved]) => [() => rectifyGradient(ddx, saved, attributes)],
  );
}
