import { makeLearner } from '../../core/learner.ts';
import type { Method, NamedImages, Predictor, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import type { Batch } from '../../data/types.ts';
import type { CompareFeatures } from '../../losses/perceptual.ts';
import { drawWeights } from '../../nn/initial-weights.ts';
import { buildSnPatchGan } from '../../nn/sn-patchgan.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { stream } from '../../runtime/seed.ts';
import { directMethod } from '../direct-method.ts';
import { createFeatureLosses } from '../feature-network.ts';
import type { ScFeganConfig } from './config.ts';
import { buildGenerator, DISCRIMINATOR_NAMING, GENERATOR_NAMING } from './generator.ts';
import {
  DISCRIMINATOR_CHANNELS,
  drawNoise,
  GENERATOR_CHANNELS,
  generatorInput,
  scFeganInputs,
} from './inputs.ts';
import { scFeganStage } from './training.ts';

/** SC-FEGAN (Jo & Park, ICCV 2019): fills holes from sketches and strokes of colour. One stage trains all of it. */
export function createScFegan(config: ScFeganConfig): Method {
  const { task, model, resolution, loss, seed, training } = config;
  const { width, discriminatorWidth } = model;
  const networks = {
    G: buildGenerator({ name: 'G', channels: GENERATOR_CHANNELS, width }),
    D: buildSnPatchGan({
      name: 'D',
      channels: DISCRIMINATOR_CHANNELS,
      width: discriminatorWidth,
      kernelSize: 3,
    }),
  };
  for (const network of Object.values(networks)) drawWeights(network, seed, 'glorot');
  // Predictions give the generator the same noise for every image, model and call, so that equal inputs give equal results.
  const noise = drawNoise(1, resolution, stream('SC-FEGAN', 'noise of predictions'));
  const predictor = () => scFeganPredictor(networks.G, noise);
  let features: CompareFeatures | undefined;
  return directMethod({
    task,
    networks,
    stages: [planStage(config)],
    async prepareTraining(reporter) {
      if (loss.perceptual > 0 || loss.style > 0)
        features = await createFeatureLosses(loss.features, reporter);
    },
    learn() {
      const learners = {
        generator: makeLearner(networks.G, training.optimizer, training.ema),
        discriminator: makeLearner(networks.D, training.optimizer),
      };
      return scFeganStage(learners, { weights: loss, features }, stream(seed, 'strokes and noise'));
    },
    predictor,
    describe: (name) => describeNetwork(config, networks, name),
    visuals: (batch) => scFeganVisuals(predictor(), batch),
    owned: [noise],
  });
}

function planStage({ training }: ScFeganConfig): StagePlan {
  const { duration, batch, accumulate, holePool, optimizer } = training;
  return {
    name: 'SC-FEGAN',
    summary: 'generator and discriminator, from sketches and strokes of colour',
    learns: ['G', 'D'],
    duration,
    batch,
    accumulate,
    optimizer,
    holePool,
    holePoolName: 'SC-FEGAN',
  };
}

function describeNetwork(
  { resolution }: ScFeganConfig,
  networks: Readonly<Record<'G' | 'D', LayersModel>>,
  name: string,
): NetworkDescription {
  const drawn = 'sketch (1 is line) and colours (-1 is none), 0 outside the hole; hole (1 is hole)';
  const x = (meaning: string) => ({ x: { kind: 'network', meaning } }) as const;
  if (name === 'D') {
    const outputs = { scores: 'of places and features' };
    const ports = describePictureNetwork(
      networks.D,
      'discriminator',
      resolution,
      x(`RGB in [-1, 1]; ${drawn}`),
      outputs,
    );
    return { ...ports, tf1: DISCRIMINATOR_NAMING };
  }
  const given = x(`RGB in [-1, 1], 0 in the hole; ${drawn}; noise (0 or 1), 0 outside the hole`);
  const outputs = { image: 'RGB in [-1, 1]' };
  return {
    ...describePictureNetwork(networks.G, 'generator', resolution, given, outputs),
    tf1: GENERATOR_NAMING,
  };
}

/**
 * SC-FEGAN at test time.
 *
 * @param noise [1,s,s,1], 0 or 1, s being the side of the images; it stays the caller's.
 */
function scFeganPredictor(generator: LayersModel, noise: Tensor4D): Predictor {
  return {
    resolution: noise.shape[1],
    networks: [generator.name],
    controls: ['sketch', 'colour'],
    intermediates: [],
    predict: ({ colour, ...batch }) =>
      tf.tidy(() => {
        const x = generatorInput(scFeganInputs(batch, noise, colour));
        return { result: generator.apply(x) as Tensor4D };
      }),
  };
}

/** Photo, what the generator is given (lines over strokes on paper in the hole), and its result, alone and in the photo. */
function scFeganVisuals(predictor: Predictor, batch: Batch): NamedImages {
  return tf.tidy(() => {
    const { image, sketch, hole, colour } = batch;
    const around = tf.mul(image, tf.sub(1, hole));
    const inPhoto = (x: Tensor4D): Tensor4D => tf.add(around, tf.mul(x, hole));
    const paper: Tensor4D = tf.onesLike(image);
    const strokes = colour ? tf.where(tf.cast(colour.where, 'bool'), colour.colours, paper) : paper;
    const { result } = predictor.predict(batch);
    return {
      photo: image.clone(),
      given: inPhoto(tf.minimum(strokes, sketch)),
      I_out: result,
      'in the photo': inPhoto(result),
    };
  });
}
