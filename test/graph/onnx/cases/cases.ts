import { attribute, runOp } from '../../../../src/ops/raw.ts';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../../../src/ops/tf.ts';
import { type Computation, randomValues } from '../support.ts';

/** Computations to try, by TensorFlow's operation that they are about. */
export type Cases = Readonly<Record<string, readonly Computation[]>>;

export const constant = (shape: readonly number[], low?: number, high?: number) => {
  const { data } = randomValues(shape, low, high);
  return tf.keep(tf.tensor(data, [...shape]));
};
export const vector = () => constant([4]) as Tensor1D;
export const sizes = (...numbers: number[]) => tf.tensor1d(numbers, 'int32');
export const T = () => attribute.type('T', 'float32');

/** Of pictures [n,6,8,4]. */
export const ofPicture = (run: (x: Tensor4D) => Tensor): Computation => ({
  inputs: { x: [6, 8, 4] },
  run: ({ x }) => run(x as Tensor4D),
});
export const ofTwo = (
  run: (x: Tensor, z: Tensor) => Tensor,
  z: readonly number[] = [6, 8, 4],
): Computation => ({
  inputs: { x: [6, 8, 4], z },
  run: (given) => run(given.x, given.z),
});
export const raw = (op: string, ...attributes: Parameters<typeof runOp>[1]) =>
  ofPicture((x) => runOp(op, [T(), ...attributes], [x]));
export const float32 = (x: Tensor) => tf.cast(x, 'float32');
export const whole = (x: Tensor) => tf.cast(tf.mul(x, 3), 'int32');
