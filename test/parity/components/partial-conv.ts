/** Partial convolutions: the layer, the networks, the losses and one training iteration. */

import { disposeLearners, stateOf } from '../../../src/core/learner.ts';
import { featureLosses, imagenetNormalisation } from '../../../src/losses/perceptual.ts';
import { dilateHole, totalVariation } from '../../../src/losses/reconstruction.ts';
import { buildNetwork, freezeEncoderNorms, type Variant } from '../../../src/models/pconv/network.ts';
import { inpaintingLosses, partialConvStage } from '../../../src/models/pconv/training.ts';
import { loadOriginalWeights, originalWeights } from '../../../src/nn/original-names.ts';
import { PartialConv2D } from '../../../src/nn/partial-conv.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import type { Checks } from '../compare.ts';
import type { FixtureCase } from '../fixtures.ts';
import { compareForward, compareGradient, compareLoss, NCHW } from '../layout.ts';
import { trainOnce } from '../train-once.ts';
import { compareAfter, compareGradients } from './after-step.ts';
import { generatedTrunk } from './feature-trunk.ts';

export function checkPartialConv(fixture: FixtureCase): Checks {
  const { args } = fixture.options;
  const x = fixture.image('in/x');
  const mask = fixture.has('in/mask') ? fixture.image('in/mask') : (tf.onesLike(x) as Tensor4D);
  const layer = new PartialConv2D({
    name: 'conv',
    filters: args.out,
    kernelSize: args.k,
    stride: args.s,
    padding: args.p,
    dilation: args.d ?? 1,
    bias: args.bias,
  });
  layer.build([x.shape, mask.shape]);
  const variables = [layer.kernel, ...(layer.bias ? [layer.bias] : [])];
  const names = ['weight', 'bias'];
  variables.forEach((variable, index) => {
    const value = fixture.tensor(`w/conv/${names[index]}`);
    variable.write(value.rank === 4 ? tf.transpose(value, [2, 3, 1, 0]) : value);
  });
  const [y, valid] = layer.call([x, mask], {}) as [Tensor4D, Tensor4D];
  const gy = fixture.image('in/gy');
  const product = (input: Tensor) =>
    tf.sum(tf.mul(layer.call([input, mask], {})[0], gy)) as TensorFlow.Scalar;
  const { grads } = tf.variableGrads(
    () => product(x),
    variables.map((variable) => variable.read() as TensorFlow.Variable),
  );
  return [
    compareForward(fixture, 'out/y', NCHW(y)),
    compareForward(fixture, 'out/mask', repeated(fixture, 'out/mask', valid)),
    compareGradient(fixture, 'grad/x', NCHW(tf.grad(product)(x) as Tensor4D)),
    ...variables.map((variable, index) => {
      const gradient = grads[(variable.read() as TensorFlow.Variable).name];
      const actual = gradient.rank === 4 ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient;
      return compareGradient(fixture, `grad/conv/${names[index]}`, actual);
    }),
  ];
}

/** A mask [n,h,w,1] as the many equal planes that the original has, NCHW. */
function repeated(fixture: FixtureCase, name: string, mask: Tensor4D): Tensor {
  const planes = fixture.holds(name) ? fixture.expected(name).shape[1] : 1;
  return NCHW(tf.tile(mask, [1, 1, 1, planes]) as Tensor4D);
}

function networkOf(fixture: FixtureCase, variant: Variant): LayersModel {
  const { width_div, num_layers } = fixture.options;
  const network = buildNetwork({
    name: 'G',
    variant,
    depth: num_layers,
    width: 64 / width_div,
    sketch: false,
  });
  loadOriginalWeights(network, fixture.weights('G/'));
  return network;
}

/** The first of a mask's equal planes, NCHW in the fixture. */
const plane = (mask: Tensor4D): Tensor4D => tf.slice(mask, [0, 0, 0, 0], [-1, -1, -1, 1]);

const checkNetwork = (fixture: FixtureCase, variant: Variant): Checks =>
  (fixture.options.modes as string[]).flatMap((mode) => {
    const network = networkOf(fixture, variant);
    freezeEncoderNorms(network, mode === 'frozen');
    const inputs = [fixture.image('in/x'), fixture.image('in/mask')];
    const [y, valid] = network.apply(inputs, { training: mode !== 'eval' }) as [Tensor4D, Tensor4D];
    const states = originalWeights(network).map((entry) => ({
      ...entry,
      name: `out/${mode}/state/${entry.key}`,
    }));
    return [
      compareForward(fixture, `out/${mode}/y`, NCHW(y)),
      compareForward(fixture, `out/${mode}/mask`, repeated(fixture, `out/${mode}/mask`, valid)),
      ...states.map(({ name, variable, encode }) => compareForward(fixture, name, encode(variable))),
    ];
  });

export const checkPartialConvNetwork = (fixture: FixtureCase): Checks => checkNetwork(fixture, 'nvidia');
export const checkNaotoNetwork = (fixture: FixtureCase): Checks => checkNetwork(fixture, 'naoto');

/** A loss and its gradient with respect to the output. */
function compareWithGradient(
  fixture: FixtureCase,
  name: string,
  input: { name: string; value: Tensor4D },
  loss: (output: Tensor4D) => Tensor,
): Checks {
  const f = (output: Tensor) => loss(output as Tensor4D) as TensorFlow.Scalar;
  const { value, grad } = tf.valueAndGrad(f)(input.value);
  const gradient = `grad/${name}/${input.name}`;
  return [
    compareLoss(fixture, `out/${name}`, value),
    compareGradient(fixture, gradient, NCHW(grad as Tensor4D)),
  ];
}

const MMAGIC_NAMES = {
  hole: 'loss_l1_hole',
  valid: 'loss_l1_valid',
  perceptualOutput: 'loss_out_percep',
  perceptualComposite: 'loss_composed_percep',
  styleOutput: 'loss_out_style',
  styleComposite: 'loss_composed_style',
  totalVariation: 'loss_tv',
};

function weightsOf({ weights }: FixtureCase['options']) {
  const { valid, hole, perc, style, tv } = weights;
  return { valid, hole, perceptual: perc, style, totalVariation: tv };
}

export function checkPartialConvLosses(fixture: FixtureCase): Checks {
  const features = featureLosses(generatedTrunk(fixture), imagenetNormalisation);
  const given = { truth: fixture.image('in/gt'), hole: fixture.image('in/mask') };
  const options = { variant: 'mmagic' as const, weights: weightsOf(fixture.options), features };
  const input = { name: 'fake_res', value: fixture.image('in/fake_res') };
  const losses = (output: Tensor4D) => inpaintingLosses({ output, ...given }, options);
  return [
    ...Object.entries(MMAGIC_NAMES).flatMap(([ours, theirs]) =>
      compareWithGradient(fixture, theirs, input, (output) => losses(output)[ours]),
    ),
    ...compareWithGradient(fixture, 'total', input, (output) => tf.addN(Object.values(losses(output)))),
  ];
}

export function checkNaotoLosses(fixture: FixtureCase): Checks {
  const features = featureLosses(generatedTrunk(fixture), (image) => image);
  const valid = plane(fixture.image('in/mask_valid'));
  const given = { truth: fixture.image('in/gt'), hole: tf.sub(1, valid) as Tensor4D };
  const weights = { valid: 1, hole: 1, perceptual: 1, style: 1, totalVariation: 1 };
  const input = { name: 'output', value: fixture.image('in/output') };
  const losses = (output: Tensor4D) =>
    inpaintingLosses({ output, ...given }, { variant: 'naoto', weights, features });
  const theirs: Record<string, string[]> = {
    hole: ['hole'],
    valid: ['valid'],
    prc: ['perceptualOutput', 'perceptualComposite'],
    style: ['styleOutput', 'styleComposite'],
    tv: ['totalVariation'],
  };
  return Object.entries(theirs).flatMap(([name, ours]) =>
    compareWithGradient(fixture, name, input, (output) => {
      const made = losses(output);
      return tf.addN(ours.map((one) => made[one]));
    }),
  );
}

/** PConv-Keras's total variation is that of the composite, black outside the dilated hole; the paper's counts pairs. */
export function checkDilatedTotalVariation(fixture: FixtureCase): Checks {
  const composite = fixture.image('in/y_comp');
  const hole = tf.sub(1, plane(fixture.image('in/mask_valid'))) as Tensor4D;
  const dilated = dilateHole(hole);
  const whole = (image: Tensor4D) => totalVariation(tf.mul(image, dilated) as Tensor4D, dilated, 'all');
  const input = { name: 'y_comp', value: composite };
  const single = tf.split(tf.mul(composite, dilated), composite.shape[0], 0) as Tensor4D[];
  const perImage = tf.stack(single.map((image) => totalVariation(image, dilated, 'all')));
  const gradient = tf.grad((image) => whole(image as Tensor4D))(composite) as Tensor4D;
  return [
    compareForward(fixture, 'out/dilated_hole', NCHW(dilated)),
    compareLoss(fixture, 'out/loss_tv_per_image', perImage),
    compareGradient(fixture, 'grad/mean_loss_tv/y_comp', NCHW(gradient)),
    ...compareWithGradient(fixture, 'derived_tv_pairs', input, (image) =>
      totalVariation(image, dilated, 'both'),
    ),
  ];
}

export function checkPartialConvStep(fixture: FixtureCase): Checks {
  const { lr, beta1, beta2, eps } = fixture.options.adam;
  const network = networkOf(fixture, 'nvidia');
  const [image, hole] = [fixture.image('in/gt'), fixture.image('in/mask')];
  const frozen = fixture.options.stage === 2;
  const twin = networkOf(fixture, 'nvidia');
  freezeEncoderNorms(twin, frozen);
  const [output] = twin.apply([image, tf.sub(1, hole)], { training: true }) as [Tensor4D];
  const stage = partialConvStage(
    network,
    {
      variant: 'mmagic',
      weights: weightsOf(fixture.options),
      features: featureLosses(generatedTrunk(fixture), imagenetNormalisation),
    },
    {
      adam: { learningRate: lr, beta1, beta2, epsilon: eps },
      frozenEncoderNorms: frozen,
      sketch: false,
    },
  );
  const losses = trainOnce(stage.learners, (given) => stage.step({ image, hole, sketch: hole }, given));
  const checks = [
    compareForward(fixture, 'out/fake_res', NCHW(output)),
    ...Object.entries(MMAGIC_NAMES).map(([ours, theirs]) =>
      compareLoss(fixture, `out/${theirs}`, losses[ours]),
    ),
    compareLoss(fixture, 'out/loss', tf.addN(Object.values(losses))),
    ...compareGradients(fixture, 'G', network, stateOf(stage.learners)),
    ...compareAfter(fixture, 'G', network),
  ];
  disposeLearners(stage.learners);
  return checks;
}
