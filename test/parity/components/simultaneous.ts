/**
 * The fixtures of DeepFillv2 and SC-FEGAN take the gradients of both networks from the same weights and one power
 * iteration; our steps, like the originals' loops, update the discriminator first. So they are run with a learning
 * rate of 0, and the gradients read from the optimiser.
 */
import type { NamedTensors } from '../../../src/core/method.ts';
import { type LayersModel, type Tensor, tf, type Variable } from '../../../src/ops/tf.ts';

/** Beta1 of the optimiser of {@link gradientsOf}. */
export const BETA1 = 0.5;

/** The gradient of each variable of a network, from the first moments of Adam after one step. */
export function gradientsOf(
  network: LayersModel,
  state: NamedTensors,
): (variable: Variable) => Tensor | undefined {
  const names = new Map(
    network.layers.flatMap((layer) =>
      layer.weights.map((weight) => [weight.read(), `${network.name}/${weight.originalName}/m`] as const),
    ),
  );
  return (variable) => {
    const moment = state[names.get(variable)!];
    return moment && tf.div(moment, 1 - BETA1);
  };
}
