/** What a training step leaves behind: optimiser slots, weights and statistics. */
import type { NamedTensors } from '../../../src/core/method.ts';
import { originalWeights } from '../../../src/nn/original-names.ts';
import { type LayersModel, tf } from '../../../src/ops/tf.ts';
import { type Check, compare, type Tolerance } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { gradientTolerance } from '../layout.ts';

/** After Adam's first step its first moment is the gradient times 1 - beta1. */
export function compareGradients(
  fixture: FixtureCase,
  prefix: string,
  network: LayersModel,
  state: NamedTensors,
): Check[] {
  const moments = new Map(
    network.layers.flatMap((layer) =>
      layer.weights.map(
        (weight) => [weight.read(), state[`${network.name}/${weight.originalName}/m`]] as const,
      ),
    ),
  );
  return originalWeights(network).flatMap(({ key, variable, encode }) => {
    const name = `grad/${prefix}/${key}`;
    if (!fixture.has(name)) return [];
    const gradient = tf.div(moments.get(variable)!, 1 - fixture.options.adam.beta1);
    return [compare(fixture, name, encode(gradient), gradientTolerance(fixture, name))];
  });
}

/** Weights and statistics after the iteration. Where only rounding decides an element, Adam moves it by ±lr. */
export function compareAfter(fixture: FixtureCase, prefix: string, network: LayersModel): Check[] {
  const { lr } = fixture.options.adam;
  const wholeStep = 2 * lr + 1e-5;
  return originalWeights(network).flatMap(({ key, variable, encode }) => {
    const name = `after/${prefix}/${key}`;
    if (!fixture.has(name)) return [];
    let tolerance: Tolerance = { absolute: 1e-4 };
    if (fixture.note(`grad/${prefix}/${key}`).noise_dominated) tolerance = { absolute: wholeStep };
    else if (!key.includes('running_')) {
      const strays = 3 * (fixture.note(name)['elements_off_gt_1e-6'] ?? 0) + Math.ceil(variable.size * 0.001);
      tolerance = { absolute: 2e-6, relative: 1e-5, strays, strayBound: wholeStep };
    }
    return [compare(fixture, name, encode(variable), tolerance)];
  });
}
