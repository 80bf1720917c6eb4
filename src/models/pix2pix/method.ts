import type { Prediction, Predictor, PredictorInput, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import { leastSquaresLoss, vanillaLoss } from '../../losses/adversarial.ts';
import { fixedKeep } from '../../nn/dropout.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { stream } from '../../runtime/seed.ts';
import { DirectMethod } from '../direct-method.ts';
import { drawWeights } from '../draw-weights.ts';
import type { Pix2PixConfig } from './config.ts';
import { buildDiscriminator } from './discriminator.ts';
import { buildGenerator, DROPOUT_RATE } from './generator.ts';
import { condition, conditionChannels, type Task } from './inputs.ts';
import { LuaPix2PixStage } from './lua-stage.ts';
import { Pix2PixStage } from './stage.ts';

/** pix2pix (Isola et al. 2017) from a sketch, and in editing the photo around the hole, to a photo. */
export class Pix2Pix extends DirectMethod {
  readonly networks;
  readonly stages: readonly StagePlan[];
  readonly #config: Pix2PixConfig;

  constructor(config: Pix2PixConfig) {
    super(config.task);
    this.#config = config;
    const { task, model, seed, training, loss } = config;
    const { variant, width, depth, dropout, discriminatorWidth, discriminatorLayers } = model;
    const channels = conditionChannels(task);
    this.networks = {
      G: buildGenerator({ name: 'G', variant, channels, outputs: 3, width, depth, dropout }),
      D: buildDiscriminator({
        name: 'D',
        variant,
        channels: channels + 3,
        width: discriminatorWidth,
        layers: discriminatorLayers,
      }),
    };
    for (const network of Object.values(this.networks)) drawWeights(network, seed, 'normal');
    const { duration, batch, holePool } = training;
    this.stages = [
      {
        name: 'pix2pix',
        summary: 'generator and discriminator, from true sketches',
        learns: ['G', 'D'],
        duration,
        batch,
        holePool,
        holePoolName: 'pix2pix',
        collapse: {
          loss: 'discriminator',
          below: 1e-3 * loss.adversarial,
          advice:
            'a smaller model.discriminatorWidth, fewer model.discriminatorLayers or a lower training.optimizer.learningRate',
        },
      },
    ];
  }

  protected createStage(): Pix2PixStage {
    const { task, seed, model, loss, training } = this.#config;
    const isLua = model.variant === 'lua';
    const Stage = isLua ? LuaPix2PixStage : Pix2PixStage;
    return new Stage(this.networks.G, this.networks.D, stream(seed, 'dropout'), {
      task,
      adam: { ...training.optimizer, uncorrectedEpsilon: isLua },
      gan: loss.gan === 'vanilla' ? vanillaLoss : leastSquaresLoss,
      weight: loss.adversarial,
      // The paper halves it; the authors' first code halves only what it prints.
      discriminatorWeight: loss.adversarial * (isLua ? 1 : 0.5),
      judging: isLua ? 'real first' : 'generated first',
      reconstruction: loss.reconstruction,
    });
  }

  predictor(): Pix2PixPredictor {
    const { task, resolution, seed, atTestTime } = this.#config;
    return new Pix2PixPredictor(this.networks.G, {
      task,
      resolution,
      ownStatistics: atTestTime.statistics === 'image',
      dropoutSeed: atTestTime.dropout ? seed : undefined,
    });
  }

  describe(name: string): NetworkDescription {
    const { task, resolution } = this.#config;
    const given = task === 'edit' ? 'photo outside the hole, sketch inside, hole' : 'sketch';
    const x = (meaning: string) => ({ x: { kind: 'network', meaning } }) as const;
    return name === 'G'
      ? describePictureNetwork(this.networks.G, 'generator', resolution, x(given), {
          image: 'RGB in [-1, 1], without dropout',
        })
      : describePictureNetwork(this.networks.D, 'discriminator', resolution, x(`${given}, and RGB`), {
          scores: 'of patches',
        });
  }
}

interface Pix2PixPredictorOptions {
  readonly task: Task;
  /** px. */
  readonly resolution: number;
  /** Whether batch normalisation takes each image's own statistics, in place of the running ones. */
  readonly ownStatistics: boolean;
  /** What dropout drops depends on this seed; undefined: nothing. */
  readonly dropoutSeed: number | undefined;
}

/**
 * pix2pix at test time. The original leaves its generator in training mode and tests with batches of one (test.lua:77,
 * mmagic pix2pix.py forward_test): dropout goes on, and batch normalisation is that of each image alone.
 */
class Pix2PixPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls = ['sketch'] as const;
  readonly intermediates = [];
  readonly #generator: LayersModel;
  readonly #options: Pix2PixPredictorOptions;

  constructor(generator: LayersModel, options: Pix2PixPredictorOptions) {
    this.resolution = options.resolution;
    this.networks = [generator.name];
    this.#generator = generator;
    this.#options = options;
  }

  predict(input: PredictorInput): Prediction {
    const { task, ownStatistics, dropoutSeed } = this.#options;
    const keep = dropoutSeed === undefined ? undefined : fixedKeep(dropoutSeed, DROPOUT_RATE);
    return tf.tidy(() => {
      const result = this.#generator.apply(condition(task, input), { ownStatistics, keep }) as Tensor4D;
      return { result };
    });
  }
}
