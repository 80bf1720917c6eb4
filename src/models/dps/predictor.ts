import type { Prediction, Predictor, PredictorInput } from '../../core/method.ts';
import { trueLevel } from '../../data/sketch/pyramid.ts';
import type { Batch } from '../../data/types.ts';
import { type LayersModel, type Tensor4D, tf } from '../../ops/tf.ts';
import { generatorInput, type Task } from './inputs.ts';
import type { Refiner } from './refiner.ts';

export interface PredictorOptions {
  /** Names of the generators and F. */
  readonly networks: readonly string[];
  readonly task: Task;
  /** F's level, 1 being the lowest of `levels`. */
  readonly level: number;
  readonly levels: number;
  /** Side of F's images, px. */
  readonly resolution: number;
}

/**
 * The whole of Deep Plastic Surgery at test time (test.py, models.py:459-515): G refines the sketch, F makes the
 * result. Where F works at a level below the top one, the results have that level's resolution.
 */
export class DpsPredictor implements Predictor {
  readonly resolution: number;
  readonly networks: readonly string[];
  readonly controls = ['sketch', 'l'] as const;
  readonly intermediates = ['refinedSketch', 'firstImage'] as const;
  readonly upperBound = {
    label: 'F, true sketch',
    predict: (batch: Batch) => this.predictFromTrueSketch(batch),
  };
  readonly #refiner: Refiner;
  readonly #imageGenerator: LayersModel;
  readonly #options: PredictorOptions;

  /** @param refiner the generators up to F's level. */
  constructor(refiner: Refiner, imageGenerator: LayersModel, options: PredictorOptions) {
    this.resolution = options.resolution;
    this.networks = options.networks;
    this.#refiner = refiner;
    this.#imageGenerator = imageGenerator;
    this.#options = options;
  }

  predict(input: PredictorInput): Required<Prediction> {
    return tf.tidy(() => {
      const { picture, ...refinement } = this.#refiner.refine(input);
      const x = generatorInput(this.#options.task, picture);
      return { ...refinement, result: this.#imageGenerator.apply(x) as Tensor4D };
    });
  }

  /** F alone. */
  predictFromTrueSketch(batch: Batch): Tensor4D {
    const { task, level, levels } = this.#options;
    return tf.tidy(() => {
      const x = generatorInput(task, trueLevel(batch, level, levels));
      return this.#imageGenerator.apply(x) as Tensor4D;
    });
  }
}
