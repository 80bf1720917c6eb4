import { makeLearner } from '../../core/learner.ts';
import type { Method, Predictor, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import { drawWeights } from '../../nn/initial-weights.ts';
import { buildSnPatchGan } from '../../nn/sn-patchgan.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { directMethod } from '../direct-method.ts';
import type { DeepFillConfig } from './config.ts';
import { buildGenerator, DISCRIMINATOR_NAMING, GENERATOR_NAMING } from './generator.ts';
import { deepFillInputs, deepFillStage, generatorInputs } from './training.ts';

/** DeepFillv2 (Yu et al. 2019), guided by a sketch or not. */
export function createDeepFill(config: DeepFillConfig): Method {
  const { task, model, loss, training, seed } = config;
  const { guided, width, discriminatorWidth } = model;
  const networks = {
    G: buildGenerator({ name: 'G', width, guided }),
    D: buildSnPatchGan({ name: 'D', channels: guided ? 5 : 4, width: discriminatorWidth, kernelSize: 5 }),
  };
  for (const network of Object.values(networks)) drawWeights(network, seed, 'glorot');
  return directMethod({
    task,
    networks,
    stages: [planStage(config)],
    learn() {
      const adam = { ...training.optimizer, uncorrectedEpsilon: true };
      const learners = {
        generator: makeLearner(networks.G, adam, training.ema),
        discriminator: makeLearner(networks.D, adam),
      };
      return deepFillStage(learners, loss, guided);
    },
    predictor: () => deepFillPredictor(config, networks.G),
    describe: (name) => describeNetwork(config, networks, name),
  });
}

function planStage({ model, training }: DeepFillConfig): StagePlan {
  const { duration, batch, accumulate, holePool, optimizer } = training;
  return {
    name: 'DeepFillv2',
    summary: `generator and discriminator, ${model.guided ? 'guided by true sketches' : 'not guided'}`,
    learns: ['G', 'D'],
    duration,
    batch,
    accumulate,
    optimizer,
    holePool,
    holePoolName: 'DeepFillv2',
    collapse: {
      loss: 'discriminator',
      below: 1e-3,
      advice: 'a smaller model.discriminatorWidth or a lower training.optimizer.learningRate',
    },
  };
}

/** DeepFillv2 at test time: the refined image. */
function deepFillPredictor({ resolution, model }: DeepFillConfig, generator: LayersModel): Predictor {
  return {
    resolution,
    networks: [generator.name],
    controls: model.guided ? ['sketch'] : [],
    intermediates: [],
    predict: (input) =>
      tf.tidy(() => {
        const inputs = generatorInputs(deepFillInputs(input, model.guided));
        const [, result] = generator.apply(inputs) as [Tensor4D, Tensor4D];
        return { result };
      }),
  };
}

function describeNetwork(
  { resolution, model }: DeepFillConfig,
  networks: Readonly<Record<'G' | 'D', LayersModel>>,
  name: string,
): NetworkDescription {
  const lines = '1 = line, 0 = paper and everywhere outside the hole';
  if (name === 'G') {
    const photo = { kind: 'photo', meaning: 'RGB in [-1, 1], 0 in the hole' } as const;
    const hole = { kind: 'hole', meaning: '1 is filled, 0 is kept' } as const;
    const edges = { kind: 'hole', meaning: lines } as const;
    const inputs = { image: photo, hole, ...(model.guided && { edges }) };
    const outputs = { coarse: 'first image, RGB in [-1, 1]', image: 'result, RGB in [-1, 1]' };
    return {
      ...describePictureNetwork(networks.G, 'generator', resolution, inputs, outputs),
      tf1: GENERATOR_NAMING,
    };
  }
  const meaning = `RGB in [-1, 1], hole${model.guided ? `, edges: ${lines}` : ''}`;
  const inputs = { x: { kind: 'network', meaning } } as const;
  const outputs = { scores: 'of patches and features' };
  return {
    ...describePictureNetwork(networks.D, 'discriminator', resolution, inputs, outputs),
    tf1: DISCRIMINATOR_NAMING,
  };
}
