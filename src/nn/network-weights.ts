import type { LayersModel, Tensor, Variable } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';

/** All weights of a network, learnt or not, by `NETWORK/LAYER/WEIGHT`, for example `G64/rcb1.conv/kernel`. */
export function namedWeights(network: LayersModel): Record<string, Variable> {
  return Object.fromEntries(
    network.layers.flatMap((layer) =>
      layer.weights.map((weight) => [`${network.name}/${weight.originalName}`, weight.read() as Variable]),
    ),
  );
}

/** Those of {@link namedWeights} that an optimiser changes. */
export function trainableWeights(network: LayersModel): Record<string, Variable> {
  const trainable = new Set(network.layers.flatMap((layer) => layer.trainableWeights.map((w) => w.read())));
  return Object.fromEntries(
    Object.entries(namedWeights(network)).filter(([, value]) => trainable.has(value)),
  );
}

/**
 * Gives every variable the value of its name.
 *
 * @throws UserError when a name is missing or its shape differs; nothing is changed then.
 */
export function assignNamed(variables: Record<string, Variable>, values: Record<string, Tensor>): void {
  for (const [name, variable] of Object.entries(variables)) {
    const value = values[name];
    if (!value || String(value.shape) !== String(variable.shape))
      throw new UserError('The saved weights do not fit this network.', {
        where: name,
        expected: `shape [${variable.shape}]`,
        got: value ? `shape [${value.shape}]` : 'nothing',
        fix: 'use the configuration that the weights were trained with',
      });
  }
  for (const [name, variable] of Object.entries(variables)) variable.assign(values[name] as Variable);
}
