/**
 * SC-FEGAN and DeepFillv2 read photos with OpenCV, so the weights in their checkpoints know colours as blue, green, red;
 * here they are red, green, blue.
 */
import { type Tensor, tf } from '../ops/tf.ts';

/** The layers of a network that take or make colour images, by their names. */
export type ColourLayers = Readonly<Record<string, ColourChannels>>;

interface ColourChannels {
  /** The first input channel of each colour image that the layer takes. */
  readonly inputs?: readonly number[];
  /** Whether it makes a colour image. */
  readonly output?: boolean;
}

/**
 * A layer's variable with red and blue exchanged, so that the network does the same with images in the other order.
 *
 * @param variable a kernel [k,k,c,filters] or a bias [filters].
 */
export function exchangeRedAndBlue(
  variable: Tensor,
  { inputs = [], output = false }: ColourChannels,
): Tensor {
  return tf.tidy(() => {
    let exchanged = variable.clone();
    if (variable.rank === 4 && inputs.length > 0) exchanged = exchangedAlong(exchanged, 2, inputs);
    if (output) exchanged = exchangedAlong(exchanged, variable.rank - 1, [0]);
    return exchanged;
  });
}

/** The tensor with the channels c and c + 2 of an axis in each other's place, for each c of `firsts`. */
function exchangedAlong(tensor: Tensor, axis: number, firsts: readonly number[]): Tensor {
  const order = Array.from({ length: tensor.shape[axis] }, (_, channel) => channel);
  for (const first of firsts) [order[first], order[first + 2]] = [first + 2, first];
  return tf.gather(tensor, order, axis);
}
