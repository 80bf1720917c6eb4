import type { Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import { fixedKeep } from '../../nn/dropout.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { DROPOUT_RATE } from './generator.ts';
import { condition, type Task } from './inputs.ts';

export interface Pix2PixPredictorOptions {
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
export class Pix2PixPredictor implements Predictor {
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
