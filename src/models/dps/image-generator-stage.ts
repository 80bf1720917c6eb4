import { type AdversarialOptions, AdversarialStage } from '../../core/adversarial-stage.ts';
import type { Accept, StepScalars } from '../../core/method.ts';
import { trueLevel } from '../../data/sketch/pyramid.ts';
import type { Batch } from '../../data/types.ts';
import type { PerceptualLoss } from '../../losses/perceptual.ts';
import { pictureDifference } from '../../losses/reconstruction.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { discriminatorInput, generatorInput, type Task } from './inputs.ts';
import { LOSS_NAMES } from './loss-names.ts';

export interface ImageGeneratorStageOptions extends AdversarialOptions {
  readonly task: Task;
  readonly perceptual: PerceptualLoss;
  /** Weight of the L1 loss. */
  readonly reconstruction: number;
  /** The level at whose resolution F works, of `levels`; 1 is the lowest. */
  readonly level: number;
  readonly levels: number;
}

/**
 * Training of the image generator F alone, from true sketches (trainPix2pix.py). Its L1 loss is the mean over all
 * channels that D sees, sketch and mask included, where both sides are equal: over 6 or 7 channels, of which 3 count.
 */
export class ImageGeneratorStage extends AdversarialStage {
  readonly lossNames = LOSS_NAMES;
  readonly #options: ImageGeneratorStageOptions;

  constructor(generator: LayersModel, discriminator: LayersModel, options: ImageGeneratorStageOptions) {
    super(generator, discriminator, options);
    this.#options = options;
  }

  /** @param batch at the run's resolution. */
  step(batch: Batch, accept?: Accept): StepScalars {
    const { task, perceptual, reconstruction, level, levels } = this.#options;
    return tf.tidy(() => {
      const { image, hole, sketch } = trueLevel(batch, level, levels);
      const input = generatorInput(task, { sketch, image, hole });
      const real = discriminatorInput(task, { sketch, image, hole });
      const forward = () => {
        // The original runs F twice an iteration, so batch normalisation's running statistics move twice.
        const generated = this.generator.apply(input, { training: true, statisticsUpdates: 2 }) as Tensor4D;
        const difference = pictureDifference(sketch, sketch, generated, image);
        return {
          fake: discriminatorInput(task, { sketch, image: generated, hole }),
          losses: {
            perceptual: perceptual([generated], image),
            reconstruction: tf.mul<TensorFlow.Scalar>(difference, (reconstruction * 6) / real.shape[3]),
          },
        };
      };
      return this.play(real, forward, accept);
    });
  }
}
