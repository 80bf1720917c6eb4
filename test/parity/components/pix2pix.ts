/** pix2pix: its networks, and one training iteration of mmagic's and of the authors' Lua code. */

import { ganStep } from '../../../src/core/gan-step.ts';
import { disposeLearners, makeLearner, stateOf } from '../../../src/core/learner.ts';
import { vanillaLoss } from '../../../src/losses/adversarial.ts';
import { buildDiscriminator } from '../../../src/models/pix2pix/discriminator.ts';
import { buildGenerator, type Variant } from '../../../src/models/pix2pix/generator.ts';
import { luaStep, type Pair, pix2pixStep } from '../../../src/models/pix2pix/training.ts';
import { Dropout, type Keep } from '../../../src/nn/dropout.ts';
import { trainableWeights } from '../../../src/nn/network-weights.ts';
import { loadOriginalWeights, originalWeights } from '../../../src/nn/original-names.ts';
import { type LayersModel, type Tensor, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { type Checks, check } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareForward, compareGradient, compareLoss, NCHW } from '../layout.ts';
import { trainOnce } from '../train-once.ts';
import { compareAfter, compareGradients } from './after-step.ts';

function generatorOf(fixture: FixtureCase, variant: Variant): LayersModel {
  const { options } = fixture;
  const network = buildGenerator({
    name: 'G',
    variant,
    channels: options.in,
    outputs: options.out,
    width: options.nf,
    depth: options.num_down,
    dropout: options.dropout ?? true,
  });
  loadOriginalWeights(network, fixture.weights('G/'));
  return network;
}

function discriminatorOf(fixture: FixtureCase, variant: Variant): LayersModel {
  const { options } = fixture;
  const network = buildDiscriminator({
    name: 'D',
    variant,
    channels: options.in + options.out,
    width: options.ndf,
    layers: options.n_layers,
  });
  loadOriginalWeights(network, fixture.weights('D/'));
  return network;
}

/**
 * The recorded choices of dropout. The fixtures number them in the order in which the original ran them, but mmagic's
 * recursion counts from the outside: the largest map first.
 */
function recordedKeep(fixture: FixtureCase, network: LayersModel, variant: Variant): Keep {
  const layers = network.layers.filter((layer) => layer instanceof Dropout).map(({ name }) => name);
  if (variant === 'pytorch') layers.reverse();
  return (layer) => fixture.image(`in/dropout${layers.indexOf(layer)}`);
}

export function checkPix2PixGenerator(fixture: FixtureCase): Checks {
  return (fixture.options.modes as string[]).flatMap((mode) => {
    const network = generatorOf(fixture, 'pytorch');
    const keep = mode === 'train_dropout' ? recordedKeep(fixture, network, 'pytorch') : undefined;
    const y = network.apply(fixture.image('in/x'), { training: mode !== 'eval', keep }) as Tensor4D;
    return [
      compareForward(fixture, `out/${mode}/y`, NCHW(y)),
      ...compareState(fixture, `out/${mode}`, network),
    ];
  });
}

/** Weights and running statistics that a case holds under `PREFIX/state/`. */
function compareState(fixture: FixtureCase, prefix: string, network: LayersModel): Checks {
  return originalWeights(network).flatMap(({ key, variable, encode }) => {
    const name = `${prefix}/state/${key}`;
    return [compareForward(fixture, name, encode(variable))];
  });
}

export function checkPatchDiscriminator(fixture: FixtureCase): Checks {
  const x = fixture.image('in/x');
  const score = (network: LayersModel, input: Tensor, training: boolean) =>
    network.apply(input, { training }) as Tensor4D;
  const network = discriminatorOf(fixture, 'pytorch');
  const checks = [compareForward(fixture, 'out/eval/y', NCHW(score(network, x, false)))];
  const scores = score(network, x, true);
  checks.push(compareForward(fixture, 'out/train/y', NCHW(scores)));
  checks.push(...compareState(fixture, 'out/train', network));
  for (const kind of ['real', 'fake'] as const) {
    const name = `out/train/bce_${kind}`;
    checks.push(compareLoss(fixture, name, vanillaLoss[kind](scores)));
  }
  const loss = (input: Tensor) => vanillaLoss.real(score(network, input, true));
  const byInput = NCHW(tf.grad(loss)(x) as Tensor4D);
  checks.push(compareGradient(fixture, 'grad/bce_real/x', byInput));
  const { grads } = tf.variableGrads(() => loss(x), Object.values(trainableWeights(network)));
  for (const { key, variable, encode } of originalWeights(network)) {
    const name = `grad/bce_real/D/${key}`;
    const gradient = grads[variable.name];
    if (gradient) checks.push(compareGradient(fixture, name, encode(gradient)));
  }
  return checks;
}

/** The step's options and inputs, as both variants have them. */
function stepOf(fixture: FixtureCase, variant: Variant) {
  const { lr, beta1, beta2, eps } = fixture.options.adam;
  const generator = generatorOf(fixture, variant);
  const discriminator = discriminatorOf(fixture, variant);
  const uncorrectedEpsilon = variant === 'lua';
  const adam = { learningRate: lr, beta1, beta2, epsilon: eps, uncorrectedEpsilon };
  return {
    generator,
    discriminator,
    learners: {
      generator: makeLearner(generator, adam),
      discriminator: makeLearner(discriminator, adam),
    },
    pair: {
      a: fixture.image('in/A'),
      b: fixture.image('in/B'),
      keep: recordedKeep(fixture, generator, variant),
    },
    weights: { gan: vanillaLoss, adversarial: 1, reconstruction: fixture.options.lambda as number },
  };
}

export function checkPix2PixStep(fixture: FixtureCase): Checks {
  const { generator, discriminator, learners, pair, weights } = stepOf(fixture, 'pytorch');
  const losses = trainOnce(Object.values(learners), (given) =>
    ganStep(pix2pixStep(learners, weights, pair), given),
  );
  const state = stateOf(Object.values(learners));
  const one = (name: string) => Number(fixture.stored(name).data[0]);
  const loss = (name: string, actual: Tensor) => compareLoss(fixture, name, actual);
  const halves = (one('out/loss_gan_d_fake') + one('out/loss_gan_d_real')) / 2;
  const checks = [
    check('out/loss_gan_d', losses.discriminator.dataSync(), [halves], { absolute: 1e-6, relative: 1e-5 }),
    loss('out/loss_gan_g', losses.adversarial),
    loss('out/loss_pixel', losses.reconstruction),
    loss('out/loss', tf.add(losses.adversarial, losses.reconstruction)),
    ...compareGradients(fixture, 'G', generator, state),
    ...compareGradients(fixture, 'D', discriminator, state),
    ...compareAfter(fixture, 'G', generator),
    ...compareAfter(fixture, 'D', discriminator).filter(({ name }) => !isStatistic(name)),
    ...statisticsAfterDiscriminatorStep(fixture, pair),
    ...statisticsAfterGeneratorStep(fixture, discriminator),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}

const isStatistic = (name: string) => /running_/.test(name);

/** Under `after/D` are the statistics as the discriminator's step leaves them, before the generator's moves them again. */
function statisticsAfterDiscriminatorStep(fixture: FixtureCase, { a, b, keep }: Pair): Checks {
  const [generator, discriminator] = [generatorOf(fixture, 'pytorch'), discriminatorOf(fixture, 'pytorch')];
  const generated = generator.apply(a, { training: true, keep }) as Tensor4D;
  for (const image of [generated, b]) discriminator.apply(tf.concat([a, image], 3), { training: true });
  return compareAfter(fixture, 'D', discriminator).filter(({ name }) => isStatistic(name));
}

function statisticsAfterGeneratorStep(fixture: FixtureCase, discriminator: LayersModel): Checks {
  return originalWeights(discriminator).flatMap(({ key, variable, encode }) => {
    const name = `after_G_step/D/${key}`;
    return [compareForward(fixture, name, encode(variable))];
  });
}

export function checkLuaPix2PixStep(fixture: FixtureCase): Checks {
  const { generator, discriminator, learners, pair, weights } = stepOf(fixture, 'lua');
  const { a, keep } = pair;
  const generated = generatorOf(fixture, 'lua').apply(a, { training: true, keep }) as Tensor4D;
  const losses = trainOnce(Object.values(learners), (given) =>
    ganStep(luaStep(learners, weights, pair), given),
  );
  const state = stateOf(Object.values(learners));
  const loss = (name: string, actual: Tensor) => compareLoss(fixture, name, actual);
  const checks = [
    compareForward(fixture, 'out/fake_B', NCHW(generated)),
    // The original prints half of what it minimises, and L1 without its weight.
    loss('out/errD', tf.div(losses.discriminator, 2)),
    loss('out/errG', losses.adversarial),
    loss('out/errL1', tf.div(losses.reconstruction, weights.reconstruction)),
    ...compareGradients(fixture, 'G', generator, state),
    ...compareGradients(fixture, 'D', discriminator, state),
    ...compareAfter(fixture, 'G', generator),
    ...compareAfter(fixture, 'D', discriminator),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}
