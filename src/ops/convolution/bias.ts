import { withGradient } from '../gradients.ts';
import { attribute, runOp } from '../raw.ts';
import type { Tensor, Tensor4D } from '../tf.ts';

/**
 * x [n,h,w,c] + bias [c], as one operation forwards and one backwards. TF.js broadcasts, and reduces for the gradient,
 * which is slower.
 *
 * @param x disposed of: a convolution's result, which no gradient needs, and which TF.js would keep until the gradient has
 *   been computed.
 */
export function addBias(x: Tensor4D, bias: Tensor): Tensor4D {
  const attributes = [attribute.type('T', 'float32'), attribute.string('data_format', 'NHWC')];
  const y = withGradient(
    [x, bias],
    () => runOp('BiasAdd', attributes, [x, bias]),
    (dy) => [() => dy.clone(), () => runOp('BiasAddGrad', attributes, [dy])],
  ) as Tensor4D;
  x.dispose();
  return y;
}
