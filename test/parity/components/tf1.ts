/** Networks whose originals are TensorFlow 1's: their variables' names begin a case's names of weights and gradients. */
import type { NamedTensors } from '../../../src/core/method.ts';
import {
  loadOriginalWeights,
  type OriginalWeight,
  originalWeights,
  type Tf1Naming,
} from '../../../src/nn/original-names.ts';
import { type LayersModel, type Tensor, tf, type Variable } from '../../../src/ops/tf.ts';
import type { Checks } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareForward, compareGradient } from '../layout.ts';
import { gradientsOf } from './simultaneous.ts';

/** Kernels stand transposed in the fixtures: HWIO as OIHW, those of transposed convolutions as (in, out, h, w). */
const toTf1 = (x: Tensor): Tensor => (x.rank === 4 ? tf.transpose(x, [2, 3, 1, 0]) : x);
const fromTf1 = (x: Tensor): Tensor => (x.rank === 4 ? tf.transpose(x, [3, 2, 0, 1]) : x);

/** The cases' networks see colours in the order in which ours do. */
const withoutColours = (naming: Tf1Naming): Tf1Naming => ({ ...naming, colours: {} });

/** Gives a network a case's weights, which are named `w/SCOPE` and the variable. */
export function loadCase(fixture: FixtureCase, network: LayersModel, naming: Tf1Naming, scope = ''): void {
  const read = ({ key }: OriginalWeight) => {
    const name = `w/${scope}${key}`;
    return fixture.includes(name) ? toTf1(fixture.tensor(name)) : undefined;
  };
  loadOriginalWeights(network, read, withoutColours(naming));
}

/** Compares gradients, by our variables' names, with those that a case names `PREFIX` and the variable. */
export function compareTf1Gradients(
  fixture: FixtureCase,
  network: LayersModel,
  naming: Tf1Naming,
  prefix: string,
  gradient: (variable: Variable) => Tensor | undefined,
): Checks {
  return originalWeights(network, withoutColours(naming)).flatMap(({ key, variable, encode }) => {
    const name = `${prefix}${key}`;
    const whole = gradient(variable);
    return whole ? [compareGradient(fixture, name, fromTf1(encode(whole)))] : [];
  });
}

/** Compares the variables themselves. */
export function compareTf1State(
  fixture: FixtureCase,
  network: LayersModel,
  naming: Tf1Naming,
  prefix: string,
): Checks {
  return originalWeights(network, withoutColours(naming)).flatMap(({ key, variable, encode }) => {
    const name = `${prefix}${key}`;
    return [compareForward(fixture, name, fromTf1(encode(variable)))];
  });
}

/** Compares what a step leaves: both networks' gradients, and the discriminator's variables. */
export function compareTf1Step(
  fixture: FixtureCase,
  state: NamedTensors,
  networks: Readonly<Record<'generator' | 'discriminator', { network: LayersModel; naming: Tf1Naming }>>,
): Checks {
  const gradients = (prefix: string, { network, naming }: { network: LayersModel; naming: Tf1Naming }) =>
    compareTf1Gradients(fixture, network, naming, prefix, gradientsOf(network, state));
  const { generator, discriminator } = networks;
  return [
    ...gradients('grad/G/', generator),
    ...gradients('grad/D/', discriminator),
    ...compareTf1State(fixture, discriminator.network, discriminator.naming, 'after/D/'),
  ];
}
