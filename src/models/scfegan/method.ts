import type { NamedImages, Prediction, Predictor, PredictorInput, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription } from '../../core/ports.ts';
import type { Batch } from '../../data/types.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import { buildSnPatchGan } from '../../nn/sn-patchgan.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { stream } from '../../runtime/seed.ts';
import { DirectMethod } from '../direct-method.ts';
import { drawWeights } from '../draw-weights.ts';
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
import { ScFeganStage } from './stage.ts';

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

/** SC-FEGAN at test time. The noise is the same for every image, so that equal inputs give equal results. */
class ScFeganPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls = ['sketch', 'colour'] as const;
  readonly intermediates = [] as const;
  readonly #generator: LayersModel;
  readonly #noise: Tensor4D;

  /** @param noise [1,s,s,1], 0 or 1, s being the side of the images; it stays the caller's. */
  constructor(generator: LayersModel, noise: Tensor4D) {
    this.resolution = noise.shape[1];
    this.networks = [generator.name];
    this.#generator = generator;
    this.#noise = noise;
  }

  predict({ colour, ...batch }: PredictorInput): Prediction {
    return tf.tidy(() => {
      const x = generatorInput(scFeganInputs(batch, this.#noise, colour));
      return { result: this.#generator.apply(x) as Tensor4D };
    });
  }
}

/** Photo, what the generator is given (lines over strokes on paper in the hole), and its result, alone and in the photo. */
function scFeganVisuals(predictor: ScFeganPredictor, batch: Batch): NamedImages {
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
