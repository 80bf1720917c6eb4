import { afterAll, describe, expect, it } from 'vitest';
import type { LearningStage } from '../../src/core/learning-stage.ts';
import { leastSquaresLoss, vanillaLoss } from '../../src/losses/adversarial.ts';
import { featureLosses } from '../../src/losses/features.ts';
import { imagenetNormalisation } from '../../src/losses/perceptual.ts';
import { buildGenerator as buildDeepFill } from '../../src/models/deepfill/generator.ts';
import { DeepFillStage } from '../../src/models/deepfill/stage.ts';
import { drawWeights } from '../../src/models/draw-weights.ts';
import { buildNetwork } from '../../src/models/pconv/network.ts';
import { PartialConvStage } from '../../src/models/pconv/stage.ts';
import { buildDiscriminator } from '../../src/models/pix2pix/discriminator.ts';
import { buildGenerator as buildPix2Pix, type Variant } from '../../src/models/pix2pix/generator.ts';
import { conditionChannels } from '../../src/models/pix2pix/inputs.ts';
import { LuaPix2PixStage } from '../../src/models/pix2pix/lua-stage.ts';
import { Pix2PixStage } from '../../src/models/pix2pix/stage.ts';
import { buildGenerator as buildScFegan } from '../../src/models/scfegan/generator.ts';
import { DISCRIMINATOR_CHANNELS, GENERATOR_CHANNELS } from '../../src/models/scfegan/inputs.ts';
import { ScFeganStage } from '../../src/models/scfegan/stage.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { buildSnPatchGan } from '../../src/nn/sn-patchgan.ts';
import type { PoolTrunk } from '../../src/nn/vgg-pools.ts';
import { type LayersModel, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import { normalTensor } from '../finite-differences.ts';
import { tinyBatch } from './dps/tiny.ts';

const batch = tinyBatch(2, 64);
const adam = { learningRate: 2e-3, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };
const channels = [3, 4, 4, 6, 6, 8, 8, 8];
const trunk = channels.slice(1).map((filters, index) => ({
  kernel: normalTensor([3, 3, channels[index], filters], 0.3),
  bias: tf.zeros([filters]),
})) as unknown as PoolTrunk;
const features = featureLosses(trunk, imagenetNormalisation);

interface Made {
  readonly networks: readonly LayersModel[];
  readonly stage: LearningStage;
}

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
  const Stage = variant === 'lua' ? LuaPix2PixStage : Pix2PixStage;
  const stage = new Stage(generator, discriminator, stream(1, 'dropout'), {
    task: 'edit',
    adam,
    gan: variant === 'lua' ? vanillaLoss : leastSquaresLoss,
    weight: 1,
    discriminatorWeight: 0.5,
    reconstruction: 100,
  });
  return { networks: [generator, discriminator], stage };
}

function partialConv(frozenEncoderNorms: boolean): Made {
  const network = buildNetwork({ name: 'G', variant: 'nvidia', depth: 5, width: 4, sketch: true });
  drawWeights(network, 1, 'kaiming');
  const weights = { valid: 1, hole: 6, perceptual: 0.05, style: 120, totalVariation: 0.1 };
  const stage = new PartialConvStage(network, {
    adam,
    frozenEncoderNorms,
    losses: 'paper',
    weights,
    features,
    sketch: true,
  });
  return { networks: [network], stage };
}

function deepFill(): Made {
  const generator = buildDeepFill({ name: 'G', width: 8, guided: true });
  const discriminator = buildSnPatchGan({ name: 'D', channels: 5, width: 4, kernelSize: 5 });
  for (const network of [generator, discriminator]) drawWeights(network, 1, 'glorot');
  const stage = new DeepFillStage(generator, discriminator, {
    adam,
    adversarial: 1,
    reconstruction: 1,
    guided: true,
  });
  return { networks: [generator, discriminator], stage };
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
  const stage = new ScFeganStage(generator, discriminator, stream(1, 'inputs'), {
    // Its many gates make a small image of initial weights, which takes long to grow.
    adam: { ...adam, learningRate: 5e-3 },
    weights: {
      hole: 6,
      valid: 1,
      perceptual: 0.05,
      style: 1,
      totalVariation: 0.1,
      adversarial: 0.001,
      gradientPenalty: 10,
      drift: 0.001,
    },
    features,
  });
  return { networks: [generator, discriminator], stage };
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
  const { networks, stage } = make();
  afterAll(() => stage.dispose());
  const step = () => {
    const { losses, gradientNorms } = stage.step(batch);
    const numbers = Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]] as const);
    tf.dispose([losses, gradientNorms]);
    return Object.fromEntries(numbers);
  };

  it('changes every weight that learns and measures every loss', () => {
    const before = values(networks);
    const losses = step();
    expect(Object.keys(losses).sort()).toEqual([...stage.lossNames].sort());
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
    const random = JSON.parse(JSON.stringify(stage.randomState()));
    const first = [step(), step()];
    const ends = values(networks);
    stage.restore(saved);
    stage.restoreRandom(random);
    expect([step(), step()]).toEqual(first);
    expect(JSON.stringify(values(networks)) === JSON.stringify(ends)).toBe(true);
    tf.dispose(saved);
  });

  it('learns', () => {
    const [name] = stage.lossNames.filter((loss) => /reconstruction|valid/.test(loss)) as [string];
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
    tf.dispose(stage.step(batch, () => false));
    expect(JSON.stringify(learnt()) === before).toBe(true);
  });
});
