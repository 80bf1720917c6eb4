import type { Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { deepFillInputs, generatorInputs } from './stage.ts';

/** DeepFillv2 at test time: the refined image. */
export class DeepFillPredictor implements Predictor {
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
