import type { NamedImages, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import type { Batch } from '../../data/types.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import { buildSnPatchGan } from '../../nn/sn-patchgan.ts';
import type { Tensor4D } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { stream } from '../../runtime/seed.ts';
import { DirectMethod } from '../direct-method.ts';
import { drawWeights } from '../draw-weights.ts';
import { createFeatureLosses } from '../perceptual-network.ts';
import type { ScFeganConfig } from './config.ts';
import { buildGenerator, DISCRIMINATOR_NAMING, GENERATOR_NAMING } from './generator.ts';
import { DISCRIMINATOR_CHANNELS, drawNoise, GENERATOR_CHANNELS } from './inputs.ts';
import { ScFeganPredictor } from './predictor.ts';
import { ScFeganStage } from './stage.ts';
import { scFeganVisuals } from './visuals.ts';

/** SC-FEGAN (Jo & Park, ICCV 2019): fills holes from sketches and strokes of colour. One stage trains all of it. */
export class ScFegan extends DirectMethod {
  readonly networks;
  readonly stages: readonly StagePlan[];
  readonly #config: ScFeganConfig;
  /** What predictions give the generator as noise [1,s,s,1]: the same for every image, model and call. */
  readonly #noise: Tensor4D;
  #features: CompareFeatures | undefined;

  constructor(config: ScFeganConfig) {
    const { task, model, resolution, seed, training } = config;
    super(task);
    this.#config = config;
    this.networks = {
      G: buildGenerator({ name: 'G', channels: GENERATOR_CHANNELS, width: model.width }),
      D: buildSnPatchGan({
        name: 'D',
        channels: DISCRIMINATOR_CHANNELS,
        width: model.discriminatorWidth,
        kernelSize: 3,
      }),
    };
    for (const network of Object.values(this.networks)) drawWeights(network, seed, 'glorot');
    this.#noise = drawNoise(1, resolution, stream('SC-FEGAN', 'noise of predictions'));
    const { duration, batch, holePool } = training;
    this.stages = [
      {
        name: 'SC-FEGAN',
        summary: 'generator and discriminator, from sketches and strokes of colour',
        learns: ['G', 'D'],
        duration,
        batch,
        holePool,
        holePoolName: 'SC-FEGAN',
      },
    ];
  }

  override async prepareTraining(reporter: Reporter): Promise<void> {
    const { features, perceptual, style } = this.#config.loss;
    if (perceptual > 0 || style > 0) this.#features = await createFeatureLosses(features, reporter);
  }

  protected createStage(): ScFeganStage {
    const { seed, loss, training } = this.#config;
    return new ScFeganStage(this.networks.G, this.networks.D, stream(seed, 'strokes and noise'), {
      adam: training.optimizer,
      weights: loss,
      features: this.#features,
    });
  }

  predictor(): ScFeganPredictor {
    return new ScFeganPredictor(this.networks.G, this.#noise);
  }

  describe(name: string): NetworkDescription {
    const { resolution } = this.#config;
    const drawn = 'sketch (1 is line) and colours (-1 is none), 0 outside the hole; hole (1 is hole)';
    const x = (meaning: string) => ({ x: { kind: 'network', meaning } }) as const;
    if (name === 'D') {
      const outputs = { scores: 'of places and features' };
      const ports = describePictureNetwork(
        this.networks.D,
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
      ...describePictureNetwork(this.networks.G, 'generator', resolution, given, outputs),
      tf1: GENERATOR_NAMING,
    };
  }

  override visuals(batch: Batch): NamedImages {
    return scFeganVisuals(this.predictor(), batch);
  }

  override dispose(): void {
    super.dispose();
    this.#noise.dispose();
  }
}
