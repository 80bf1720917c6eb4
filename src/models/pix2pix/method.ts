import { makeLearner } from '../../core/learner.ts';
import type { Method, Predictor, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import { leastSquaresLoss, vanillaLoss } from '../../losses/adversarial.ts';
import { fixedKeep } from '../../nn/dropout.ts';
import { drawWeights } from '../../nn/initial-weights.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { stream } from '../../runtime/seed.ts';
import { directMethod } from '../direct-method.ts';
import type { Pix2PixConfig } from './config.ts';
import { buildDiscriminator } from './discriminator.ts';
import { buildGenerator, DROPOUT_RATE } from './generator.ts';
import { condition, conditionChannels } from './inputs.ts';
import { pix2pixStage } from './training.ts';

/** pix2pix (Isola et al. 2017) from a sketch, and in editing the photo around the hole, to a photo. */
export function createPix2Pix(config: Pix2PixConfig): Method {
  const { task, model, seed, training, loss } = config;
  const networks = buildNetworks(config);
  const { variant } = model;
  return directMethod({
    task,
    networks,
    stages: [planStage(config)],
    learn() {
      const adam = { ...training.optimizer, uncorrectedEpsilon: variant === 'lua' };
      const learners = {
        generator: makeLearner(networks.G, adam, training.ema),
        discriminator: makeLearner(networks.D, adam),
      };
      const gan = loss.gan === 'vanilla' ? vanillaLoss : leastSquaresLoss;
      return pix2pixStage(learners, { ...loss, gan }, { task, variant, random: stream(seed, 'dropout') });
    },
    predictor: () => pix2pixPredictor(config, networks.G),
    describe: (name) => describeNetwork(config, networks, name),
  });
}

function buildNetworks({ task, model, seed }: Pix2PixConfig) {
  const { variant, width, depth, dropout, discriminatorWidth, discriminatorLayers } = model;
  const channels = conditionChannels(task);
  const networks = {
    G: buildGenerator({ name: 'G', variant, channels, outputs: 3, width, depth, dropout }),
    D: buildDiscriminator({
      name: 'D',
      variant,
      channels: channels + 3,
      width: discriminatorWidth,
      layers: discriminatorLayers,
    }),
  };
  for (const network of Object.values(networks)) drawWeights(network, seed, 'normal');
  return networks;
}

function planStage({ training, loss }: Pix2PixConfig): StagePlan {
  const { duration, batch, accumulate, holePool, optimizer } = training;
  return {
    name: 'pix2pix',
    summary: 'generator and discriminator, from true sketches',
    learns: ['G', 'D'],
    duration,
    batch,
    accumulate,
    optimizer,
    holePool,
    holePoolName: 'pix2pix',
    collapse: {
      loss: 'discriminator',
      below: 1e-3 * loss.adversarial,
      advice:
        'a smaller model.discriminatorWidth, fewer model.discriminatorLayers or a lower training.optimizer.learningRate',
    },
  };
}

/**
 * pix2pix at test time. The original leaves its generator in training mode and tests with batches of one (test.lua:77,
 * mmagic pix2pix.py forward_test): dropout goes on, and batch normalisation is that of each image alone.
 */
function pix2pixPredictor(
  { task, resolution, seed, atTestTime }: Pix2PixConfig,
  generator: LayersModel,
): Predictor {
  const ownStatistics = atTestTime.statistics === 'image';
  const keep = atTestTime.dropout ? fixedKeep(seed, DROPOUT_RATE) : undefined;
  return {
    resolution,
    networks: [generator.name],
    controls: ['sketch'],
    intermediates: [],
    predict: (input) =>
      tf.tidy(() => ({
        result: generator.apply(condition(task, input), { ownStatistics, keep }) as Tensor4D,
      })),
  };
}

function describeNetwork(
  { task, resolution }: Pix2PixConfig,
  networks: Readonly<Record<'G' | 'D', LayersModel>>,
  name: string,
): NetworkDescription {
  const given = task === 'edit' ? 'photo outside the hole, sketch inside, hole' : 'sketch';
  const x = (meaning: string) => ({ x: { kind: 'network', meaning } }) as const;
  return name === 'G'
    ? describePictureNetwork(networks.G, 'generator', resolution, x(given), {
        image: 'RGB in [-1, 1], without dropout',
      })
    : describePictureNetwork(networks.D, 'discriminator', resolution, x(`${given}, and RGB`), {
        scores: 'of patches',
      });
}
