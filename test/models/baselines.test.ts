import { afterAll, describe, expect, it } from 'vitest';
import { disposeLearners, type LearningStage, makeLearner, makeTrainable } from '../../src/core/learner.ts';
import { leastSquaresLoss, vanillaLoss } from '../../src/losses/adversarial.ts';
import { featureLosses, imagenetNormalisation } from '../../src/losses/perceptual.ts';
import { buildGenerator as buildDeepFill } from '../../src/models/deepfill/generator.ts';
import { deepFillStage } from '../../src/models/deepfill/training.ts';
import { buildNetwork } from '../../src/models/pconv/network.ts';
import { partialConvStage } from '../../src/models/pconv/training.ts';
import { buildDiscriminator } from '../../src/models/pix2pix/discriminator.ts';
import { buildGenerator as buildPix2Pix, type Variant } from '../../src/models/pix2pix/generator.ts';
import { conditionChannels } from '../../src/models/pix2pix/inputs.ts';
import { pix2pixStage } from '../../src/models/pix2pix/training.ts';
import { buildGenerator as buildScFegan } from '../../src/models/scfegan/generator.ts';
import { DISCRIMINATOR_CHANNELS, GENERATOR_CHANNELS } from '../../src/models/scfegan/inputs.ts';
import { scFeganStage } from '../../src/models/scfegan/training.ts';
import { drawWeights } from '../../src/nn/initial-weights.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { buildSnPatchGan } from '../../src/nn/sn-patchgan.ts';
import type { VggConvolutions } from '../../src/nn/vgg.ts';
import { type LayersModel, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import { normalTensor } from '../finite-differences.ts';
import { tinyBatch } from './dps/tiny.ts';
import { stepOn } from './step.ts';

const batch = tinyBatch(2, 64);
const adam = { learningRate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };
const channels = [3, 4, 4, 6, 6, 8, 8, 8];
const trunk = channels.slice(1).map((filters, index) => ({
  kernel: normalTensor([3, 3, channels[index], filters], 0.3),
  bias: tf.zeros([filters]),
})) as unknown as VggConvolutions;
const features = featureLosses(trunk, imagenetNormalisation);

interface Made {
  readonly networks: readonly LayersModel[];
  readonly stage: LearningStage;
  /** In the order in which they are summed. */
  readonly losses: readonly string[];
}

const learnersOf = (generator: LayersModel, discriminator: LayersModel, options = adam) => ({
  generator: makeLearner(generator, options),
  discriminator: makeLearner(discriminator, options),
});

function pix2pix(variant: Variant): Made {
  const condition = conditionChannels('edit');
  const generator = buildPix2Pix({
    name: 'G',
    variant,
    channels: condition,
    outputs: 3,
    width: 4,
    depth: 6,
    dropout: true,
  });
  const discriminator = buildDiscriminator({
    name: 'D',
    variant,
    channels: condition + 3,
    width: 4,
    layers: 2,
  });
  for (const network of [generator, discriminator]) drawWeights(network, 1, 'normal');
  const gan = variant === 'lua' ? vanillaLoss : leastSquaresLoss;
  const stage = pix2pixStage(
    learnersOf(generator, discriminator),
    { gan, adversarial: 1, reconstruction: 100 },
    { task: 'edit', variant, random: stream(1, 'dropout') },
  );
  const losses = ['discriminator', 'adversarial', 'reconstruction'];
  return { networks: [generator, discriminator], stage, losses };
}

function partialConv(frozenEncoderNorms: boolean): Made {
  const network = buildNetwork({ name: 'G', variant: 'nvidia', depth: 5, width: 4, sketch: true });
  drawWeights(network, 1, 'kaiming');
  const weights = { valid: 1, hole: 6, perceptual: 0.05, style: 120, totalVariation: 0.1 };
  const stage = partialConvStage(
    network,
    { variant: 'paper', weights, features },
    { adam, frozenEncoderNorms, sketch: true },
  );
  const losses = [
    'hole',
    'valid',
    'perceptualOutput',
    'perceptualComposite',
    'styleOutput',
    'styleComposite',
    'totalVariation',
  ];
  return { networks: [network], stage, losses };
}

function deepFill(): Made {
  const generator = buildDeepFill({ name: 'G', width: 8, guided: true });
  const discriminator = buildSnPatchGan({ name: 'D', channels: 5, width: 4, kernelSize: 5 });
  for (const network of [generator, discriminator]) drawWeights(network, 1, 'glorot');
  const weights = { adversarial: 1, reconstruction: 1 };
  const stage = deepFillStage(learnersOf(generator, discriminator), weights, true);
  const losses = ['discriminator', 'adversarial', 'reconstruction'];
  return { networks: [generator, discriminator], stage, losses };
}

function scFegan(): Made {
  const generator = buildScFegan({ name: 'G', channels: GENERATOR_CHANNELS, width: 4 });
  const discriminator = buildSnPatchGan({
    name: 'D',
    channels: DISCRIMINATOR_CHANNELS,
    width: 4,
    kernelSize: 3,
  });
  for (const network of [generator, discriminator]) drawWeights(network, 1, 'glorot');
  // Its many gates make a small image of initial weights, which takes long to grow.
  const learners = learnersOf(generator, discriminator, { ...adam, learningRate: 5e-3 });
  const weights = {
    hole: 6,
    valid: 1,
    perceptual: 0.05,
    style: 1,
    totalVariation: 0.1,
    adversarial: 0.001,
    gradientPenalty: 10,
    drift: 0.001,
  };
  const stage = scFeganStage(learners, { weights, features }, stream(1, 'inputs'));
  const losses = [
    ...['discriminator', 'gradientPenalty', 'drift'],
    ...['adversarial', 'hole', 'valid', 'totalVariation', 'perceptual', 'style'],
  ];
  return { networks: [generator, discriminator], stage, losses };
}

const values = (networks: readonly LayersModel[]) =>
  Object.fromEntries(
    networks.flatMap((network) =>
      Object.entries(namedWeights(network)).map(([name, weight]) => [name, [...weight.dataSync()]]),
    ),
  );

describe.each<[string, () => Made, RegExp]>([
  ['pix2pix', () => pix2pix('pytorch'), /^$/],
  // Its biases are set to zero, and those before batch normalisation have no gradient but rounding.
  ['pix2pix as in Lua', () => pix2pix('lua'), /bias/],
  ['partial convolutions, first phase', () => partialConv(false), /^$/],
  ['partial convolutions, second phase', () => partialConv(true), /enc\d\.bn/],
  ['DeepFillv2', deepFill, /^$/],
  ['SC-FEGAN', scFegan, /^$/],
])('a training of %s', (_, make, still) => {
  const { networks, losses: lossNames, ...made } = make();
  const stage = makeTrainable(made.stage);
  afterAll(() => disposeLearners(made.stage.learners));
  const step = () => {
    const { losses, gradientNorms } = stepOn(stage, batch);
    const numbers = Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]] as const);
    tf.dispose([losses, gradientNorms]);
    return Object.fromEntries(numbers);
  };

  it('changes every weight that learns and measures every loss', () => {
    const before = values(networks);
    const losses = step();
    expect(Object.keys(losses)).toEqual(lossNames);
    for (const loss of Object.values(losses)) expect(loss).toSatisfy(Number.isFinite);
    const after = values(networks);
    const unchanged = Object.keys(before).filter((name) => String(before[name]) === String(after[name]));
    expect(unchanged.filter((name) => !still.test(name))).toEqual([]);
    if (still.test('G/encoder.enc2.bn/gamma')) expect(unchanged).toContain('G/encoder.enc2.bn/gamma');
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from a saved state exactly', () => {
    const saved = stage.state();
    const random = JSON.parse(JSON.stringify(stage.position()));
    const first = [step(), step()];
    const ends = values(networks);
    stage.restore(saved);
    stage.moveTo(random);
    expect([step(), step()]).toEqual(first);
    expect(JSON.stringify(values(networks)) === JSON.stringify(ends)).toBe(true);
    tf.dispose(saved);
  });

  it('learns', () => {
    const [name] = lossNames.filter((loss) => /reconstruction|valid/.test(loss)) as [string];
    const first = step()[name];
    for (let i = 0; i < 12; i++) step();
    expect(step()[name]).toBeLessThan(0.9 * first);
  });

  it('leaves the generator alone when a step is refused', () => {
    const learnt = () =>
      Object.entries(values(networks.slice(0, 1))).filter(
        ([name]) => !/running/.test(name) && !still.test(name),
      );
    const before = JSON.stringify(learnt());
    tf.dispose(stepOn(stage, batch, () => false));
    expect(JSON.stringify(learnt()) === before).toBe(true);
  });
});
