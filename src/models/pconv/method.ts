import type { Prediction, Predictor, PredictorInput, StagePlan } from '../../core/method.ts';
import { describePictureNetwork, type NetworkDescription, type Port } from '../../core/ports.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { DirectMethod } from '../direct-method.ts';
import { drawWeights } from '../draw-weights.ts';
import { createFeatureLosses } from '../feature-network.ts';
import type { PartialConvConfig } from './config.ts';
import { buildNetwork } from './network.ts';
import { networkInputs, PartialConvStage } from './stage.ts';

interface Phase extends StagePlan {
  readonly key: 'main' | 'fineTuning';
}

/** Partial convolutions (Liu et al. 2018), trained in two phases, each with an optimiser of its own. */
export class PartialConv extends DirectMethod<Phase> {
  readonly networks;
  readonly stages: readonly Phase[];
  readonly #config: PartialConvConfig;
  #features: CompareFeatures | undefined;

  constructor(config: PartialConvConfig) {
    super(config.task);
    this.#config = config;
    this.networks = { G: buildNetwork({ name: 'G', ...config.model }) };
    drawWeights(this.networks.G, config.seed, 'kaiming');
    const phase = (key: Phase['key'], name: string, summary: string): Phase => {
      const { duration, batch, holePool } = config.training[key];
      return { key, name, summary, learns: ['G'], duration, batch, holePool, holePoolName: 'pconv' };
    };
    this.stages = [
      phase('main', 'pconv', 'all of the network'),
      phase('fineTuning', 'pconv, fine-tuning', 'the encoder’s batch normalisation frozen'),
    ];
  }

  override async prepareTraining(reporter: Reporter): Promise<void> {
    this.#features ??= await createFeatureLosses(this.#config.loss.features, reporter);
  }

  protected createStage({ key }: Phase): PartialConvStage {
    const { model, loss, training } = this.#config;
    if (!this.#features) throw new Error('prepareTraining comes before the first stage');
    return new PartialConvStage(this.networks.G, {
      adam: training[key].optimizer,
      frozenEncoderNorms: key === 'fineTuning',
      losses: loss.variant,
      weights: loss,
      features: this.#features,
      sketch: model.sketch,
    });
  }

  predictor(): PartialConvPredictor {
    const { resolution, model } = this.#config;
    return new PartialConvPredictor(this.networks.G, { resolution, sketch: model.sketch });
  }

  describe(): NetworkDescription {
    const { resolution, model } = this.#config;
    const inputs: Record<string, Omit<Port, 'shape'>> = {
      photo: { kind: 'photo', meaning: 'RGB in [-1, 1]' },
      valid: { kind: 'hole', meaning: '1 is known, 0 is filled: the opposite of a hole' },
      ...(model.sketch && {
        sketch: { kind: 'sketch', meaning: '-1 line, +1 paper, 0 outside the hole' },
        validSketch: { kind: 'hole', meaning: '1 everywhere' },
      }),
    };
    const outputs = { image: 'RGB, not bounded', validImage: '1 where it is made of anything known' };
    return describePictureNetwork(this.networks.G, 'generator', resolution, inputs, outputs);
  }
}

/** Partial convolutions at test time; the network's output, which is not bounded, is cut to [-1, 1]. */
class PartialConvPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls: Predictor['controls'];
  readonly intermediates = [];
  readonly #network: LayersModel;
  readonly #sketch: boolean;

  /** @param resolution px. @param sketch whether the network is given the sketch. */
  constructor(network: LayersModel, { resolution, sketch }: { resolution: number; sketch: boolean }) {
    this.resolution = resolution;
    this.networks = [network.name];
    this.controls = sketch ? ['sketch'] : [];
    this.#network = network;
    this.#sketch = sketch;
  }

  predict(input: PredictorInput): Prediction {
    return tf.tidy(() => {
      const [output] = this.#network.apply(networkInputs(input, this.#sketch)) as [Tensor4D];
      return { result: tf.clipByValue(output, -1, 1) };
    });
  }
}
