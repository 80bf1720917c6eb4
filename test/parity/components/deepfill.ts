/** DeepFillv2: attention, networks and one training iteration. */

import { ganStep } from '../../../src/core/gan-step.ts';
import { disposeLearners, makeLearner, stateOf } from '../../../src/core/learner.ts';
import { hingeLoss } from '../../../src/losses/adversarial.ts';
import {
  buildGenerator,
  DISCRIMINATOR_NAMING,
  GENERATOR_NAMING,
} from '../../../src/models/deepfill/generator.ts';
import { deepFillStep } from '../../../src/models/deepfill/training.ts';
import { ContextualAttention } from '../../../src/nn/contextual-attention.ts';
import { trainableWeights } from '../../../src/nn/network-weights.ts';
import { buildSnPatchGan } from '../../../src/nn/sn-patchgan.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import type { Checks } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareForward, compareGradient, compareLoss, NCHW } from '../layout.ts';
import { trainOnce } from '../train-once.ts';
import { againstVectorsOfBefore, rememberSingularVectors, STILL } from './simultaneous.ts';
import { compareTf1Gradients, compareTf1State, compareTf1Step, loadCase } from './tf1.ts';

export function checkAttention(fixture: FixtureCase): Checks {
  const { rate, softmax_scale, fuse, ksize, stride, fuse_k } = fixture.options;
  if (ksize !== 3 || stride !== 1 || fuse_k !== 3)
    throw new Error(`${fixture.id}: only ksize 3, stride 1 and fuse_k 3 are there`);
  const layer = new ContextualAttention({ name: 'a', rate, softmaxScale: softmax_scale, fuse });
  const [f, b] = [fixture.image('in/f'), fixture.image('in/b')];
  const [, h, w] = b.shape;
  // The original takes the first mask for all images, and without a mask everything.
  const mask = fixture.has('in/mask')
    ? tf.slice(fixture.image('in/mask'), 0, 1)
    : (tf.zeros([1, h, w, 1]) as Tensor4D);
  const run = (training: boolean) => (x: Tensor, y: Tensor) => layer.call([x, y, mask], { training });
  const [byQueries, byKeys] = tf.grads(run(true))([f, b], fixture.image('in/gy')) as [Tensor4D, Tensor4D];
  return [
    compareForward(fixture, 'out/y', NCHW(run(false)(f, b) as Tensor4D)),
    compareForward(fixture, 'out/y', NCHW(run(true)(f, b) as Tensor4D)),
    compareGradient(fixture, 'grad/f', NCHW(byQueries)),
    compareGradient(fixture, 'grad/b', NCHW(byKeys)),
  ];
}

function generatorOf(fixture: FixtureCase, scope: string): LayersModel {
  const { cnum_g, guided } = fixture.options;
  const network = buildGenerator({ name: 'G', width: cnum_g, guided });
  loadCase(fixture, network, GENERATOR_NAMING, scope);
  return network;
}

function discriminatorOf(fixture: FixtureCase, scope: string): LayersModel {
  const { cnum_d, guided } = fixture.options;
  const network = buildSnPatchGan({ name: 'D', channels: guided ? 5 : 4, width: cnum_d, kernelSize: 5 });
  loadCase(fixture, network, DISCRIMINATOR_NAMING, scope);
  return network;
}

/** The original has one mask for all images of a batch. */
const holeFor = (fixture: FixtureCase, count: number): Tensor4D =>
  tf.tile(tf.slice(fixture.image('in/mask'), 0, 1), [count, 1, 1, 1]);

export function checkDeepFillGenerator(fixture: FixtureCase): Checks {
  const network = generatorOf(fixture, 'G/');
  const [image, edges] = tf.split(fixture.image('in/xin'), fixture.options.guided ? [3, 1] : [3], 3) as [
    Tensor4D,
    Tensor4D?,
  ];
  const hole = holeFor(fixture, image.shape[0]);
  const [coarse, refined] = network.apply(edges ? [image, hole, edges] : [image, hole]) as [
    Tensor4D,
    Tensor4D,
  ];
  const complete = tf.add(tf.mul(refined, hole), tf.mul(image, tf.sub(1, hole))) as Tensor4D;
  return [
    compareForward(fixture, 'out/x1', NCHW(coarse)),
    compareForward(fixture, 'out/x2', NCHW(refined)),
    compareForward(fixture, 'out/complete', NCHW(complete)),
  ];
}

export function checkSnPatchGan(fixture: FixtureCase): Checks {
  const network = discriminatorOf(fixture, 'D/');
  const x = fixture.image('in/x');
  const reset = rememberSingularVectors(network);
  const gan = hingeLoss(1);
  const score = (input: Tensor) => network.apply(input, { training: true }) as Tensor4D;
  const loss = (input: Tensor) => {
    const [real, fake] = tf.split(score(input), 2, 0) as [Tensor, Tensor];
    return tf.mul(tf.add(gan.real(real), gan.fake(fake)), 0.5) as TensorFlow.Scalar;
  };
  const scores = score(x);
  const state = compareTf1State(fixture, network, DISCRIMINATOR_NAMING, 'after/D/');
  reset();
  const { value, grads } = tf.variableGrads(() => loss(x), Object.values(trainableWeights(network)));
  reset();
  const byInput = tf.grad(loss)(x) as Tensor4D;
  return [
    compareForward(fixture, 'out/y', tf.reshape(scores, [x.shape[0], -1])),
    compareLoss(fixture, 'out/g_loss', gan.generator(tf.split(scores, 2, 0)[1])),
    compareLoss(fixture, 'out/d_loss', value),
    compareGradient(fixture, 'grad/d_loss/x', NCHW(byInput)),
    ...compareTf1Gradients(
      fixture,
      network,
      DISCRIMINATOR_NAMING,
      'grad/d_loss/D/',
      (variable) => grads[variable.name],
    ),
    ...state,
  ];
}

export function checkDeepFillStep(fixture: FixtureCase): Checks {
  const { edge_threshold, guided } = fixture.options;
  const coded = (x: Tensor4D): Tensor4D => tf.sub(tf.div(x, 127.5), 1);
  const image = coded(fixture.image('in/image'));
  const hole = holeFor(fixture, image.shape[0]);
  const lines = () => {
    const [first] = tf.split(fixture.image('in/edge'), 3, 3) as [Tensor4D];
    return tf.mul(tf.cast(tf.greater(tf.div(first, 255), edge_threshold), 'float32'), hole) as Tensor4D;
  };
  const inputs = { image, hole, ...(guided && { edges: lines() }) };
  const [generator, discriminator] = [generatorOf(fixture, ''), discriminatorOf(fixture, '')];
  const learners = {
    generator: makeLearner(generator, STILL),
    discriminator: makeLearner(discriminator, STILL),
  };
  const step = deepFillStep(learners, { adversarial: 1, reconstruction: 1 }, inputs);
  const losses = trainOnce(Object.values(learners), (given) => ganStep(againstVectorsOfBefore(step), given));
  const state = stateOf(Object.values(learners));
  const checks = [
    compareLoss(fixture, 'out/ae_loss', losses.reconstruction),
    compareLoss(fixture, 'out/g_loss_total', tf.add(losses.adversarial, losses.reconstruction)),
    compareLoss(fixture, 'out/d_loss', losses.discriminator),
    ...compareTf1Step(fixture, state, {
      generator: { network: generator, naming: GENERATOR_NAMING },
      discriminator: { network: discriminator, naming: DISCRIMINATOR_NAMING },
    }),
  ];
  disposeLearners(Object.values(learners));
  return checks;
}
