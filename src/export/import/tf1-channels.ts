/**
 * SC-FEGAN and DeepFillv2 read photos with OpenCV, so their weights know colours as blue, green, red; ours as red, green,
 * blue.
 */
import { type Tensor, tf } from '../../runtime/tf.ts';

/** Where a convolution sees colours. */
export interface ColourChannels {
  /** The first input channel of each colour image that it takes. */
  readonly inputs?: readonly number[];
  /** Whether its result is a colour image. */
  readonly output?: boolean;
}

/** The convolutions of a network that take or make colour images, by the names of their scopes. */
export type ColourLayers = Readonly<Record<string, ColourChannels>>;

/**
 * A variable with red and blue exchanged where it has to do with colours, so that the network does the same with images in
 * the other order.
 *
 * @param variable a kernel [k,k,c,filters] or a bias [filters].
 */
export function exchangeRedAndBlue(
  variable: Tensor,
  { inputs = [], output = false }: ColourChannels,
): Tensor {
  return tf.tidy(() => {
    const isKernel = variable.rank === 4;
    let exchanged = variable.clone();
    if (isKernel && inputs.length > 0) exchanged = permuted(exchanged, 2, inputs);
    if (output) exchanged = permuted(exchanged, exchanged.rank - 1, [0]);
    return exchanged;
  });
}

/** The tensor with the channels c and c + 2 of an axis in each other's place, for each c of `firsts`. */
function permuted(tensor: Tensor, axis: number, firsts: readonly number[]): Tensor {
  const order = Array.from({ length: tensor.shape[axis]! }, (_, channel) => channel);
  for (const first of firsts) [order[first], order[first + 2]] = [first + 2, first];
  return tf.gather(tensor, order, axis);
}
