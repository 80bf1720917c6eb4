import type { Prediction, Predictor, PredictorInput, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import { buildSnPatchGan } from '../../nn/sn-patchgan.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { DirectMethod } from '../direct-method.ts';
import { drawWeights } from '../draw-weights.ts';
import type { DeepFillConfig } from './config.ts';
import { buildGenerator, DISCRIMINATOR_NAMING, GENERATOR_NAMING } from './generator.ts';
import { DeepFillStage, deepFillInputs, generatorInputs } from './stage.ts';

/** DeepFillv2 (Yu et al. 2019), guided by a sketch or not. */
export class DeepFill extends DirectMethod {
  readonly networks;
  readonly stages: readonly StagePlan[];
  readonly #config: DeepFillConfig;

  constructor(config: DeepFillConfig) {
    super(config.task);
    this.#config = config;
    const { model, seed, training } = config;
    const { guided, width, discriminatorWidth } = model;
    this.networks = {
      G: buildGenerator({ name: 'G', width, guided }),
      D: buildSnPatchGan({
        name: 'D',
        channels: guided ? 5 : 4,
        width: discriminatorWidth,
        kernelSize: 5,
      }),
    };
    for (const network of Object.values(this.networks)) drawWeights(network, seed, 'glorot');
    const { duration, batch, holePool } = training;
    this.stages = [
      {
        name: 'DeepFillv2',
        summary: `generator and discriminator, ${guided ? 'guided by true sketches' : 'not guided'}`,
        learns: ['G', 'D'],
        duration,
        batch,
        holePool,
        holePoolName: 'DeepFillv2',
        collapse: {
          loss: 'discriminator',
          below: 1e-3,
          advice: 'a smaller model.discriminatorWidth or a lower training.optimizer.learningRate',
        },
      },
    ];
  }

  protected createStage(): DeepFillStage {
    const { model, loss, training } = this.#config;
    return new DeepFillStage(this.networks.G, this.networks.D, {
      ...loss,
      adam: { ...training.optimizer, uncorrectedEpsilon: true },
      guided: model.guided,
    });
  }

  predictor(): DeepFillPredictor {
    const { resolution, model } = this.#config;
    return new DeepFillPredictor(this.networks.G, { resolution, guided: model.guided });
  }

  describe(name: string): NetworkDescription {
    const { resolution, model } = this.#config;
    const lines = '1 = line, 0 = paper and everywhere outside the hole';
    if (name === 'G') {
      const photo = { kind: 'photo', meaning: 'RGB in [-1, 1], 0 in the hole' } as const;
      const hole = { kind: 'hole', meaning: '1 is filled, 0 is kept' } as const;
      const edges = { kind: 'hole', meaning: lines } as const;
      const inputs = { image: photo, hole, ...(model.guided && { edges }) };
      const outputs = { coarse: 'first image, RGB in [-1, 1]', image: 'result, RGB in [-1, 1]' };
      return {
        ...describePictureNetwork(this.networks.G, 'generator', resolution, inputs, outputs),
        tf1: GENERATOR_NAMING,
      };
    }
    const meaning = `RGB in [-1, 1], hole${model.guided ? `, edges: ${lines}` : ''}`;
    const inputs = { x: { kind: 'network', meaning } } as const;
    const outputs = { scores: 'of patches and features' };
    return {
      ...describePictureNetwork(this.networks.D, 'discriminator', resolution, inputs, outputs),
      tf1: DISCRIMINATOR_NAMING,
    };
  }
}

/** DeepFillv2 at test time: the refined image. */
class DeepFillPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls: Predictor['controls'];
  readonly intermediates = [];
  readonly #generator: LayersModel;
  readonly #guided: boolean;

  /** @param resolution px. @param guided whether a sketch guides the generator. */
  constructor(generator: LayersModel, { resolution, guided }: { resolution: number; guided: boolean }) {
    this.resolution = resolution;
    this.networks = [generator.name];
    this.controls = guided ? ['sketch'] : [];
    this.#generator = generator;
    this.#guided = guided;
  }

  predict(input: PredictorInput): Prediction {
    return tf.tidy(() => {
      const inputs = generatorInputs(deepFillInputs(input, this.#guided));
      const [, result] = this.#generator.apply(inputs) as [Tensor4D, Tensor4D];
      return { result };
    });
  }
}
