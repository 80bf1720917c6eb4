import { type AdversarialOptions, AdversarialStage } from '../../core/adversarial-stage.ts';
import type { Accept, StepScalars } from '../../core/method.ts';
import { drawDegradation, type LevelBatch, trainingPyramid } from '../../data/sketch/pyramid.ts';
import type { Batch } from '../../data/types.ts';
import type { PerceptualLoss } from '../../losses/perceptual.ts';
import { meanAbsolute, pictureDifference } from '../../losses/reconstruction.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { RandomStream, type StreamState } from '../../runtime/seed.ts';
import { splitPicture } from './generator.ts';
import { discriminatorInput, generatorInput, maskSketch, type Task } from './inputs.ts';
import { LOSS_NAMES } from './loss-names.ts';

export interface RefinementStageOptions extends AdversarialOptions {
  readonly task: Task;
  readonly perceptual: PerceptualLoss;
  /** Weight of the L1 losses. */
  readonly reconstruction: number;
  /** 1 is the lowest of `levels`. */
  readonly level: number;
  readonly levels: number;
  readonly maxDilation: number;
  /** F, where it judges this level's results. */
  readonly imageGenerator?: LayersModel | undefined;
  /** Whether F normalises by its running statistics; the original, forgetting to say so, uses the batch's. */
  readonly evalNorm: boolean;
  /**
   * Whether F's running statistics follow the batches meanwhile. The original's do, to no effect: it reads F anew from
   * its own file before anything uses them.
   */
  readonly moveStatistics?: boolean;
}

/** Training of one level's generator and discriminator, on the frozen levels below (models.py:651-762). */
export class RefinementStage extends AdversarialStage {
  readonly lossNames = LOSS_NAMES;
  readonly #below: readonly LayersModel[];
  readonly #options: RefinementStageOptions;
  #random: RandomStream;
  /** Values of l; one is drawn for each batch. */
  ls: readonly number[] = [1];

  /** @param below the features of the lower levels' generators, lowest first. */
  constructor(
    generator: LayersModel,
    discriminator: LayersModel,
    below: readonly LayersModel[],
    random: RandomStream,
    options: RefinementStageOptions,
  ) {
    super(generator, discriminator, options);
    this.#below = below;
    this.#random = random;
    this.#options = options;
  }

  /** @param batch at the run's resolution. */
  step(batch: Batch, accept?: Accept): StepScalars {
    const { level, levels, maxDilation } = this.#options;
    return tf.tidy(() => {
      const [count, size] = batch.sketch.shape;
      const l = this.#random.pick(this.ls);
      const degradation = drawDegradation(count, size, this.#random);
      const pyramid = trainingPyramid(batch, degradation, { l, maxDilation, level, levels });
      const features = lowerFeatures(this.#below, this.#options.task, pyramid, tf.fill([1, 1], l));
      return this.update(pyramid.at(-1)!, l, features, accept);
    });
  }

  /**
   * The update itself, on a level's inputs.
   *
   * @param features of the level below [n,s/2,s/2,2 width]; undefined at the lowest level.
   */
  update(inputs: LevelBatch, l: number, features: Tensor4D | undefined, accept?: Accept): StepScalars {
    const { task, perceptual, reconstruction, imageGenerator, evalNorm, moveStatistics } = this.#options;
    const { image, hole } = inputs;
    return tf.tidy(() => {
      const sketch = maskSketch(task, inputs.sketch, hole);
      const input = generatorInput(task, { sketch: inputs.roughSketch, image, hole });
      const lOfEach = tf.fill([image.shape[0], 1], l);
      const forward = () => {
        const [, picture] = this.generator.apply(features ? [input, lOfEach, features] : [input, lOfEach], {
          training: true,
        }) as [Tensor4D, Tensor4D];
        const generated = splitPicture(picture);
        const generatedSketch = maskSketch(task, generated.sketch, hole);
        const images = [generated.image];
        let difference: TensorFlow.Scalar = pictureDifference(
          generatedSketch,
          sketch,
          generated.image,
          image,
        );
        if (imageGenerator) {
          const f = generatorInput(task, { sketch: generatedSketch, image, hole });
          const result = imageGenerator.apply(f, {
            training: !evalNorm,
            statisticsUpdates: moveStatistics ? 1 : 0,
          }) as Tensor4D;
          images.push(result);
          difference = tf.add(difference, meanAbsolute(result, image));
        }
        return {
          fake: discriminatorInput(task, { sketch: generatedSketch, image: generated.image, hole }),
          losses: {
            perceptual: perceptual(images, image),
            reconstruction: tf.mul<TensorFlow.Scalar>(difference, reconstruction),
          },
        };
      };
      const real = discriminatorInput(task, { sketch, image, hole });
      return { ...this.play(real, forward, accept), l };
    });
  }

  override randomState(): Record<string, StreamState> {
    return { degradation: this.#random.state() };
  }

  override restoreRandom(state: Record<string, StreamState>): void {
    this.#random = new RandomStream('', state.degradation);
  }
}

/**
 * The features that the lower levels hand up, or undefined where there are none.
 *
 * @param inputs one entry a level, lowest first; those beyond the lower levels are not used.
 * @param l [n or 1, 1].
 */
export function lowerFeatures(
  below: readonly LayersModel[],
  task: Task,
  inputs: readonly Omit<LevelBatch, 'sketch'>[],
  l: Tensor2D,
): Tensor4D | undefined {
  let features: Tensor4D | undefined;
  below.forEach((network, index) => {
    const { roughSketch, image, hole } = inputs[index];
    const x = generatorInput(task, { sketch: roughSketch, image, hole });
    features = network.apply(features ? [x, l, features] : [x, l]) as Tensor4D;
  });
  return features;
}
