/** SC-FEGAN: the generator, and one training iteration after the paper. */

import { ganStep } from '../../../src/core/gan-step.ts';
import { disposeLearners, makeLearner, stateOf } from '../../../src/core/learner.ts';
import { linearLoss } from '../../../src/losses/adversarial.ts';
import { buildGenerator, GENERATOR_NAMING } from '../../../src/models/scfegan/generator.ts';
import {
  composite,
  DISCRIMINATOR_CHANNELS,
  discriminatorInput,
  GENERATOR_CHANNELS,
  generatorInput,
  type ScFeganInputs,
} from '../../../src/models/scfegan/inputs.ts';
import { scFeganStep } from '../../../src/models/scfegan/training.ts';
import type { GatedConv2D } from '../../../src/nn/gated-conv.ts';
import type { Tf1Naming } from '../../../src/nn/original-names.ts';
import { buildSnPatchGan } from '../../../src/nn/sn-patchgan.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import type { Checks } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareForward, compareLoss, NCHW } from '../layout.ts';
import { trainOnce } from '../train-once.ts';
import { againstVectorsOfBefore, STILL } from './simultaneous.ts';
import { compareTf1Step, loadCase } from './tf1.ts';

const DISCRIMINATOR_NAMING: Tf1Naming = { prefix: 'discriminator/', gates: 'NAME_g' };

function generatorOf(fixture: FixtureCase, scope: string): LayersModel {
  const network = buildGenerator({ name: 'G', channels: GENERATOR_CHANNELS, width: fixture.options.cnum });
  loadCase(fixture, network, GENERATOR_NAMING, scope);
  return network;
}

const inputsOf = (fixture: FixtureCase): ScFeganInputs => ({
  image: fixture.image('in/images'),
  hole: fixture.image('in/masks'),
  sketch: fixture.image('in/sketches'),
  colour: fixture.image('in/color'),
  noise: fixture.image('in/noises'),
});

export function checkScFeganGenerator(fixture: FixtureCase): Checks {
  const network = generatorOf(fixture, 'G/');
  const inputs = inputsOf(fixture);
  const last = network.getLayer('gconv14') as unknown as GatedConv2D;
  const before = tf.model({ inputs: network.inputs, outputs: last.input as TensorFlow.SymbolicTensor });
  const x = generatorInput(inputs);
  const generated = network.apply(x) as Tensor4D;
  const { gates } = last.parts(before.apply(x) as Tensor4D);
  const found = { gen: generated, demo: composite(generated, inputs), mask14: gates };
  return Object.entries(found).map(([name, image]) => compareForward(fixture, `out/${name}`, NCHW(image)));
}

export function checkScFeganStep(fixture: FixtureCase): Checks {
  const { alpha, beta, upsilon, epsilon, theta, cnum_d } = fixture.options;
  const generator = generatorOf(fixture, '');
  const discriminator = buildSnPatchGan({
    name: 'D',
    channels: DISCRIMINATOR_CHANNELS,
    width: cnum_d,
    kernelSize: 3,
  });
  loadCase(fixture, discriminator, DISCRIMINATOR_NAMING);
  const inputs = inputsOf(fixture);
  const generated = generator.apply(generatorInput(inputs)) as Tensor4D;
  const completed = composite(generated, inputs);
  const score = (image: Tensor4D) => {
    const scores = discriminator.apply(discriminatorInput(image, inputs)) as Tensor4D;
    return tf.reshape(scores, [image.shape[0], -1]);
  };
  const [ofReal, ofFake] = [score(inputs.image), score(completed)];
  const drift = tf.mean(tf.square(ofReal));
  const learners = {
    generator: makeLearner(generator, STILL),
    discriminator: makeLearner(discriminator, STILL),
  };
  const weights = {
    hole: alpha,
    valid: 1,
    perceptual: 0,
    style: 0,
    totalVariation: upsilon,
    adversarial: beta,
    gradientPenalty: theta,
    drift: 0,
  };
  const step = scFeganStep(learners, { weights }, inputs, fixture.image('in/t'));
  const losses = trainOnce(Object.values(learners), (given) => ganStep(againstVectorsOfBefore(step), given));
  const state = stateOf(Object.values(learners));
  const unweighted = (name: string, weight: number) => tf.div(losses[name], weight);
  const sum = (...terms: Tensor[]) => tf.addN(terms);
  const { hole, valid, totalVariation, adversarial } = losses;
  const checks = [
    compareForward(fixture, 'out/gen', NCHW(generated)),
    compareForward(fixture, 'out/comp', NCHW(completed)),
    compareForward(fixture, 'out/D_real', ofReal),
    compareForward(fixture, 'out/D_fake', ofFake),
    compareLoss(fixture, 'out/drift', drift),
    compareLoss(fixture, 'out/pixel_hole', unweighted('hole', alpha)),
    compareLoss(fixture, 'out/pixel_valid', valid),
    compareLoss(fixture, 'out/tv', unweighted('totalVariation', upsilon)),
    compareLoss(fixture, 'out/L_G_SN', unweighted('adversarial', beta)),
    compareLoss(fixture, 'out/L_G_SN', linearLoss.generator(ofFake)),
    compareLoss(fixture, 'out/L_GP', unweighted('gradientPenalty', theta)),
    // The paper counts the drift with the generator's losses, where it has no gradient.
    compareLoss(fixture, 'out/L_G', sum(hole, valid, totalVariation, adversarial, tf.mul(drift, epsilon))),
    compareLoss(fixture, 'out/L_D', sum(losses.discriminator, losses.gradientPenalty)),
    ...compareTf1Step(fixture, state, {
      generator: { network: generator, naming: GENERATOR_NAMING },
      discriminator: { network: discriminator, naming: DISCRIMINATOR_NAMING },
    }),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}
