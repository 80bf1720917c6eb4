import type { Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { networkInputs } from './stage.ts';

/** Partial convolutions at test time; the network's output, which is not bounded, is cut to [-1, 1]. */
export class PartialConvPredictor implements Predictor {
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
