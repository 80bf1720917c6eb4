import type { Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { generatorInput, scFeganInputs } from './inputs.ts';

/** SC-FEGAN at test time. The noise is the same for every image, so that equal inputs give equal results. */
export class ScFeganPredictor implements Predictor {
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
