/** One whole training iteration of G and D, and of F and its discriminator: losses, gradients, everything after it. */

import { ganStep } from '../../../src/core/gan-step.ts';
import { disposeLearners, makeLearner, stateOf } from '../../../src/core/learner.ts';
import type { NamedTensors, Scalars } from '../../../src/core/method.ts';
import { hingeLoss } from '../../../src/losses/adversarial.ts';
import { originalNormalisation, perceptualLoss } from '../../../src/losses/perceptual.ts';
import { buildGenerator } from '../../../src/models/dps/generator.ts';
import {
  discriminatorChannels,
  generatorChannels,
  generatorInput,
  type Task,
} from '../../../src/models/dps/inputs.ts';
import { buildDiscriminator } from '../../../src/models/dps/networks.ts';
import { imageGeneratorStage, refinementStep } from '../../../src/models/dps/training.ts';
import { loadOriginalWeights } from '../../../src/nn/original-names.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { type Check, compare } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { lossTolerance, NCHW, sixChannels } from '../layout.ts';
import { trainOnce } from '../train-once.ts';
import { compareAfter, compareGradients } from './after-step.ts';
import { trunkOf } from './losses.ts';
import { imageGeneratorOf } from './networks.ts';
import { holeOf, TASKS } from './sketch.ts';

function learnersOf(fixture: FixtureCase, generator: LayersModel, discriminator: LayersModel) {
  const { lr, beta1, beta2, eps } = fixture.options.adam;
  const adam = { learningRate: lr, beta1, beta2, epsilon: eps };
  return { generator: makeLearner(generator, adam), discriminator: makeLearner(discriminator, adam) };
}

function lossesOf(fixture: FixtureCase, task: Task) {
  const { hinge, weight_adv, weight_rec, weight_perc } = fixture.options;
  return {
    task,
    gan: hingeLoss(hinge),
    adversarial: weight_adv as number,
    reconstruction: weight_rec as number,
    perceptual: perceptualLoss(trunkOf(fixture), originalNormalisation, weight_perc),
  };
}

export function checkRefinementStep(fixture: FixtureCase): Check[] {
  const { options } = fixture;
  const task = TASKS[options.task as string];
  const generator = buildGenerator({
    name: 'G',
    channels: generatorChannels(task),
    width: options.nf,
    residualBlocks: options.n_layers,
    lowest: options.level === 1,
  });
  loadOriginalWeights(generator, fixture.weights('G/'));
  const discriminator = discriminatorOf(fixture, task, options.nf, options.D_n_layers_actual);
  const imageGenerator = options.F ? imageGeneratorOf(fixture, options.F) : undefined;
  const image = fixture.image('in/I_gt');
  const [count, height, width] = image.shape;
  const hole =
    task === 'edit' ? holeOf(fixture.image('in/M')) : (tf.ones([count, height, width, 1]) as Tensor4D);
  const [roughSketch, sketch] = [fixture.image('in/S_in'), fixture.image('in/S_gt')];
  const features = fixture.has('in/feature') ? fixture.image('in/feature') : undefined;
  const x = generatorInput(task, { sketch: roughSketch, image, hole });
  const l: Tensor2D = tf.fill([1, 1], options.l);
  const [, before] = generator.apply(features ? [x, l, features] : [x, l]) as Tensor4D[];
  const learners = learnersOf(fixture, generator, discriminator);
  const inLoop = imageGenerator && { network: imageGenerator, evalNorm: false, moveStatistics: true };
  const trained = { ...lossesOf(fixture, task), imageGenerator: inLoop };
  const inputs = { roughSketch, sketch, image, hole, l, features };
  const losses = trainOnce(
    Object.values(learners),
    (given) => ganStep(refinementStep(learners, trained, inputs), given),
    imageGenerator ? [imageGenerator] : [],
  );
  const checks = [
    compare(fixture, 'out/G_before', NCHW(sixChannels(before)), { absolute: 1e-3 }),
    ...compareStep(fixture, losses, stateOf(Object.values(learners)), { G: generator, D: discriminator }),
    ...vectorsAfterDiscriminatorStep(fixture, task, options.nf, options.D_n_layers_actual),
    ...(imageGenerator ? compareAfter(fixture, 'F', imageGenerator) : []),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}

export function checkImageGeneratorStep(fixture: FixtureCase): Check[] {
  const { options } = fixture;
  const task = TASKS[options.task as string];
  const generator = imageGeneratorOf(fixture, {
    size: options.img_size,
    in_channels: generatorChannels(task),
    nef: options.nef,
    norm: 'BN',
  });
  const discriminator = discriminatorOf(fixture, task, options.ndf, options.D_nlayers);
  const learners = learnersOf(fixture, generator, discriminator);
  const stage = imageGeneratorStage(learners, lossesOf(fixture, task), { level: 1, levels: 1 });
  const bytes = (name: string): Tensor4D => tf.sub(tf.div(fixture.image(name), 127.5), 1);
  const image = bytes('in/I_u8');
  const [count, height, width] = image.shape;
  const hole = task === 'edit' ? holeOf(bytes('in/M_u8')) : (tf.ones([count, height, width, 1]) as Tensor4D);
  const batch = { image, sketch: bytes('in/S_u8'), hole };
  const losses = trainOnce(stage.learners, (given) => stage.step(batch, given));
  const checks = [
    ...compareStep(fixture, losses, stateOf(stage.learners), { F: generator, D: discriminator }),
    ...vectorsAfterDiscriminatorStep(fixture, task, options.ndf, options.D_nlayers),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}

const LOSS_OUTPUTS = {
  discriminator: 'out/L_D',
  adversarial: 'out/L_Gadv',
  perceptual: 'out/L_perc',
  reconstruction: 'out/L_rec',
};

function compareStep(
  fixture: FixtureCase,
  losses: Scalars,
  state: NamedTensors,
  networks: Record<string, LayersModel>,
): Check[] {
  const checks = Object.entries(LOSS_OUTPUTS).map(([name, output]) =>
    compare(fixture, output, losses[name], lossTolerance(fixture, output)),
  );
  for (const [prefix, network] of Object.entries(networks)) {
    checks.push(
      ...compareGradients(fixture, prefix, network, state),
      ...compareAfter(fixture, prefix, network),
    );
  }
  return checks.filter(({ name }) => !isSingularVector(name));
}

/**
 * The fixtures hold D's singular vectors as the D step leaves them, before the G step moves them once more: after two
 * power iterations on the weights it began with, whatever the inputs were.
 */
function vectorsAfterDiscriminatorStep(
  fixture: FixtureCase,
  task: Task,
  width: number,
  layers: number,
): Check[] {
  const twin = discriminatorOf(fixture, task, width, layers);
  const any = tf.zeros([1, 64, 64, discriminatorChannels(task)]);
  for (let run = 0; run < 2; run++) twin.apply(any, { training: true });
  return compareAfter(fixture, 'D', twin).filter(({ name }) => isSingularVector(name));
}

const isSingularVector = (name: string) => /weight_[uv]$/.test(name);

function discriminatorOf(fixture: FixtureCase, task: Task, width: number, layers: number): LayersModel {
  const network = buildDiscriminator({ name: 'D', channels: discriminatorChannels(task), width, layers });
  loadOriginalWeights(network, fixture.weights('D/'));
  return network;
}
