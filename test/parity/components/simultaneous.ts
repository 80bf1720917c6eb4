/**
 * The fixtures of DeepFillv2 and SC-FEGAN take the gradients of both networks from the same weights and one power
 * iteration; our steps, like the originals' loops, update the discriminator first. So they are run with a learning
 * rate of 0, and the gradients read from the optimiser.
 */
import type { GanStep } from '../../../src/core/gan-step.ts';
import type { NamedTensors } from '../../../src/core/method.ts';
import { PowerIterationConv2D } from '../../../src/nn/spectral-norm.ts';
import { type LayersModel, type Tensor, tf, type Variable } from '../../../src/ops/tf.ts';

/** An optimiser that leaves weights as they are. */
export const STILL = { learningRate: 0, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };

/** A step whose generator learns against the singular vectors of before the discriminator's pass. */
export function againstVectorsOfBefore<Made>(step: GanStep<Made>): GanStep<Made> {
  const reset = rememberSingularVectors(step.discriminator.network);
  return {
    ...step,
    generatorLosses(made) {
      reset();
      return step.generatorLosses(made);
    },
  };
}

/** Remembers the singular vectors of a network; the result puts them back. */
export function rememberSingularVectors(network: LayersModel): () => void {
  const layers = network.layers.filter((layer) => layer instanceof PowerIterationConv2D);
  const saved = layers.map((layer) => ({ layer, u: tf.keep(layer.u.read().clone()) }));
  return () => {
    for (const { layer, u } of saved) layer.u.write(u);
  };
}

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
    return moment && tf.div(moment, 1 - STILL.beta1);
  };
}
