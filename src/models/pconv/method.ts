import type { Method, Predictor, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription, type Port } from '../../core/ports.ts';
import type { CompareFeatures } from '../../losses/perceptual.ts';
import { drawWeights } from '../../nn/initial-weights.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { directMethod } from '../direct-method.ts';
import { createFeatureLosses } from '../feature-network.ts';
import type { PartialConvConfig } from './config.ts';
import { buildNetwork, networkInputs } from './network.ts';
import { partialConvStage } from './training.ts';

interface Phase extends StagePlan {
  readonly key: 'main' | 'fineTuning';
}

/** Partial convolutions (Liu et al. 2018), trained in two phases, each with an optimiser of its own. */
export function createPartialConv(config: PartialConvConfig): Method {
  const { task, model, loss, training, seed } = config;
  const G = buildNetwork({ name: 'G', ...model });
  drawWeights(G, seed, 'kaiming');
  let features: CompareFeatures | undefined;
  return directMethod({
    task,
    networks: { G },
    stages: [
      planPhase(config, 'main', 'pconv', 'all of the network'),
      planPhase(config, 'fineTuning', 'pconv, fine-tuning', 'the encoder’s batch normalisation frozen'),
    ],
    async prepareTraining(reporter) {
      features ??= await createFeatureLosses(loss.features, reporter);
    },
    learn(stage) {
      const { key } = stage as Phase;
      if (!features) throw new Error('prepareTraining comes before the first stage');
      return partialConvStage(
        G,
        { variant: loss.variant, weights: loss, features },
        {
          adam: training[key].optimizer,
          ema: training.ema,
          frozenEncoderNorms: key === 'fineTuning',
          sketch: model.sketch,
        },
      );
    },
    predictor: () => partialConvPredictor(config, G),
    describe: () => describeNetwork(config, G),
  });
}

function planPhase({ training }: PartialConvConfig, key: Phase['key'], name: string, summary: string): Phase {
  const { duration, batch, accumulate, holePool, optimizer } = training[key];
  return {
    key,
    name,
    summary,
    learns: ['G'],
    duration,
    batch,
    accumulate,
    optimizer,
    holePool,
    holePoolName: 'pconv',
  };
}

/** Partial convolutions at test time; the network's output, which is not bounded, is cut to [-1, 1]. */
function partialConvPredictor({ resolution, model }: PartialConvConfig, network: LayersModel): Predictor {
  return {
    resolution,
    networks: [network.name],
    controls: model.sketch ? ['sketch'] : [],
    intermediates: [],
    predict: (input) =>
      tf.tidy(() => {
        const [output] = network.apply(networkInputs(input, model.sketch)) as [Tensor4D];
        return { result: tf.clipByValue(output, -1, 1) };
      }),
  };
}

function describeNetwork({ resolution, model }: PartialConvConfig, network: LayersModel): NetworkDescription {
  const inputs: Record<string, Omit<Port, 'shape'>> = {
    photo: { kind: 'photo', meaning: 'RGB in [-1, 1]' },
    valid: { kind: 'hole', meaning: '1 is known, 0 is filled: the opposite of a hole' },
    ...(model.sketch && {
      sketch: { kind: 'sketch', meaning: '-1 line, +1 paper, 0 outside the hole' },
      validSketch: { kind: 'hole', meaning: '1 everywhere' },
    }),
  };
  const outputs = { image: 'RGB, not bounded', validImage: '1 where it is made of anything known' };
  return describePictureNetwork(network, 'generator', resolution, inputs, outputs);
}
