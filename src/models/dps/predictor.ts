import { type LevelBatch, testPyramid } from '../../data/sketch/pyramid.ts';
import { SMOOTHING, smoothSketch } from '../../data/sketch/smooth.ts';
import type { Batch } from '../../data/types.ts';
import { type LayersModel, type Tensor4D, tf } from '../../runtime/tf.ts';
import type { Prediction, Predictor, PredictorInput } from '../method.ts';
import { splitPicture } from './generator.ts';
import { generatorInput, maskSketch, type Task } from './inputs.ts';
import { lowerFeatures } from './refinement-stage.ts';

export interface PredictorNetworks {
  /** The features of the lower levels' generators, lowest first. */
  readonly below: readonly LayersModel[];
  /** The generator of the level that F works at. */
  readonly generator: LayersModel;
  readonly imageGenerator: LayersModel;
}

export interface PredictorOptions {
  readonly task: Task;
  readonly maxDilation: number;
  /** Levels in all; the input is at the resolution of the highest. */
  readonly levels: number;
}

/**
 * The whole of Deep Plastic Surgery at test time (test.py, models.py:459-515): the sketch is smoothed and dilated by
 * l, G refines it level by level, F makes the result. Where F works at a level below the top one, the results have
 * that level's resolution.
 */
export class DpsPredictor implements Predictor {
  readonly #networks: PredictorNetworks;
  readonly #options: PredictorOptions;

  constructor(networks: PredictorNetworks, options: PredictorOptions) {
    this.#networks = networks;
    this.#options = options;
  }

  predict(input: PredictorInput): Required<Prediction> {
    const { below, generator, imageGenerator } = this.#networks;
    const { task } = this.#options;
    return tf.tidy(() => {
      const pyramid = this.inputs(input);
      const top = pyramid.at(-1)!;
      const { image, hole } = top;
      const features = lowerFeatures(below, task, pyramid, input.level);
      const x = generatorInput(task, { sketch: top.roughSketch, image, hole });
      const level = tf.fill([1, 1], input.level);
      const [, picture] = generator.apply(features ? [x, level, features] : [x, level]) as [
        Tensor4D,
        Tensor4D,
      ];
      const generated = splitPicture(picture);
      const refinedSketch = maskSketch(task, generated.sketch, hole);
      const result = imageGenerator.apply(
        generatorInput(task, { sketch: refinedSketch, image, hole }),
      ) as Tensor4D;
      return {
        result,
        refinedSketch,
        firstImage: generated.image,
        roughSketch: maskSketch(task, top.roughSketch, hole),
      };
    });
  }

  /** What the generators are given, level by level, lowest first; not masked. The caller disposes of it. */
  inputs(input: PredictorInput): Omit<LevelBatch, 'sketch'>[] {
    const { maxDilation, levels } = this.#options;
    const level = this.#networks.below.length + 1;
    return testPyramid(input, { refinement: input.level, maxDilation, level, levels });
  }

  /** F on the true sketch, smoothed as F was trained. The batch is at F's resolution. */
  predictFromTrueSketch(batch: Batch): Tensor4D {
    return tf.tidy(() => {
      const sketch = smoothSketch(batch.sketch, SMOOTHING.wide);
      return this.#networks.imageGenerator.apply(
        generatorInput(this.#options.task, { ...batch, sketch }),
      ) as Tensor4D;
    });
  }
}
