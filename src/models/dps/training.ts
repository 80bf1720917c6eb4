/**
 * How the networks of Deep Plastic Surgery learn: the image generator F alone, then the generators G level by level.
 * The order in which losses are computed from an image is the order in which its gradients add up, so another order
 * would change results in the last bits.
 */
import { type Adversaries, type GanStep, ganStep, realFirst, scores } from '../../core/gan-step.ts';
import type { LearningStage } from '../../core/learner.ts';
import { discriminatorLoss, type GanLoss } from '../../losses/adversarial.ts';
import type { PerceptualLoss } from '../../losses/perceptual.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import { type LayersModel, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { lowerFeatures, splitPicture } from './generator.ts';
import { discriminatorInput, generatorInput, maskSketch, type Picture, type Task } from './inputs.ts';
import {
  type DegradationTensors,
  degradationTensors,
  drawDegradation,
  type LevelBatch,
  trainingPyramid,
  trueLevel,
} from './sketch.ts';

/** What all stages minimise. */
export interface DpsLosses {
  readonly task: Task;
  readonly gan: GanLoss;
  readonly perceptual: PerceptualLoss;
  /** Weight of both networks' adversarial losses. */
  readonly adversarial: number;
  /** Weight of the L1 losses. */
  readonly reconstruction: number;
}

/** A level of the progressive generator, 1 being the lowest of `levels`. */
export interface LevelOf {
  readonly level: number;
  readonly levels: number;
}

/** Training of the image generator F alone, from true sketches (trainPix2pix.py). */
export function imageGeneratorStage(learners: Adversaries, losses: DpsLosses, of: LevelOf): LearningStage {
  return {
    learners: [learners.generator, learners.discriminator],
    step: (batch, inputs, accept) =>
      tf.tidy(() => {
        const truth = trueLevel(batch, of.level, of.levels);
        return ganStep(imageGeneratorStep(learners, losses, truth), inputs, accept);
      }),
  };
}

/**
 * One update of F and its discriminator. Its L1 loss is the mean over all channels that D sees, sketch and mask
 * included, where both sides are equal: over 6 or 7 channels, of which 3 count.
 *
 * @param truth at F's resolution, the sketch smoothed.
 */
function imageGeneratorStep(
  { generator, discriminator }: Adversaries,
  { task, gan, perceptual, adversarial, reconstruction }: DpsLosses,
  truth: Picture,
): GanStep<Tensor4D> {
  const input = generatorInput(task, truth);
  const real = discriminatorInput(task, truth);
  const fakeOf = (image: Tensor4D) => discriminatorInput(task, { ...truth, image });
  return {
    generator,
    discriminator,
    // The original runs F twice an iteration, so batch normalisation's running statistics move twice.
    generate: () => generator.network.apply(input, { training: true, statisticsUpdates: 2 }) as Tensor4D,
    discriminatorLosses: (image) => ({
      discriminator: discriminatorLoss(gan, realFirst(discriminator, real, fakeOf(image)), adversarial),
    }),
    generatorLosses(image) {
      const difference = pictureDifference({ ...truth, image }, truth);
      const fake = fakeOf(image);
      return {
        adversarial: tf.mul(gan.generator(scores(discriminator, fake)), adversarial),
        perceptual: perceptual([image], truth.image),
        reconstruction: tf.mul(difference, (reconstruction * 6) / real.shape[3]),
      };
    },
  };
}

/** F, as it judges the results of G at its level. */
export interface ImageGeneratorInLoop {
  readonly network: LayersModel;
  /** Whether F normalises by its running statistics; the original, forgetting to say so, uses the batch's. */
  readonly evalNorm: boolean;
  /**
   * Whether F's running statistics follow the batches meanwhile. The original's do, to no effect: it reads F anew from
   * its own file before anything uses them.
   */
  readonly moveStatistics?: boolean;
}

/** What a level's generator learns by. */
export interface RefinementLosses extends DpsLosses {
  /** F, where it judges this level's results. */
  readonly imageGenerator?: ImageGeneratorInLoop | undefined;
}

export interface RefinementOptions extends LevelOf {
  readonly maxDilation: number;
  /** Values of l; one is drawn for each batch. */
  readonly ls: readonly number[];
  /** The features of the lower levels' generators, lowest first. */
  readonly below: readonly LayersModel[];
  /** Draws l, and how sketches are degraded. */
  readonly random: RandomStream;
}

/** Training of one level's generator and discriminator, on the frozen levels below (models.py:651-762). */
export function refinementStage(
  learners: Adversaries,
  losses: RefinementLosses,
  { level, levels, maxDilation, ls, below, random }: RefinementOptions,
): LearningStage {
  return {
    learners: [learners.generator, learners.discriminator],
    random: { degradation: random },
    draw(count, size) {
      const l = random.pick(ls);
      const degradation = drawDegradation(count, size, random);
      const { offsetsX, offsetsY, wiped, ...tensors } = degradationTensors(degradation, {
        l,
        maxDilation,
        size,
      });
      return { l, tensors, samples: { offsetsX, offsetsY, wiped } };
    },
    step: (batch, inputs, accept) =>
      tf.tidy(() => {
        const degradation = inputs as DegradationTensors;
        const pyramid = trainingPyramid(batch, degradation, { maxDilation, level, levels });
        const features = lowerFeatures(below, losses.task, pyramid, degradation.l);
        const step = refinementStep(learners, losses, {
          ...pyramid[level - 1],
          l: degradation.l,
          features,
        });
        return ganStep(step, inputs, accept);
      }),
  };
}

/** What a level's generator is given, and what it should make of it. */
export interface RefinementInputs extends LevelBatch {
  /** [1,1]. */
  readonly l: Tensor2D;
  /** Of the level below [n,s/2,s/2,2 width]; none at the lowest level. */
  readonly features?: Tensor4D | undefined;
}

/** One update of a level's generator and discriminator. */
export function refinementStep(
  { generator, discriminator }: Adversaries,
  { task, gan, perceptual, adversarial, reconstruction, imageGenerator }: RefinementLosses,
  { roughSketch, image, hole, l, features, ...given }: RefinementInputs,
): GanStep<Picture> {
  const truth = { sketch: maskSketch(task, given.sketch, hole), image, hole };
  const x = generatorInput(task, { sketch: roughSketch, image, hole });
  const lOfEach = tf.tile(l, [image.shape[0], 1]);
  const real = discriminatorInput(task, truth);
  return {
    generator,
    discriminator,
    generate() {
      const inputs = features ? [x, lOfEach, features] : [x, lOfEach];
      const [, drawn] = generator.network.apply(inputs, { training: true }) as [Tensor4D, Tensor4D];
      const made = splitPicture(drawn);
      return { sketch: maskSketch(task, made.sketch, hole), image: made.image, hole };
    },
    discriminatorLosses(made) {
      const both = realFirst(discriminator, real, discriminatorInput(task, made));
      return { discriminator: discriminatorLoss(gan, both, adversarial) };
    },
    generatorLosses(made) {
      const images = [made.image];
      let difference = pictureDifference(made, truth);
      if (imageGenerator) {
        const result = imageGenerator.network.apply(generatorInput(task, { ...truth, sketch: made.sketch }), {
          training: !imageGenerator.evalNorm,
          statisticsUpdates: imageGenerator.moveStatistics ? 1 : 0,
        }) as Tensor4D;
        images.push(result);
        difference = tf.add(difference, meanAbsolute(result, image));
      }
      const fake = discriminatorInput(task, made);
      return {
        adversarial: tf.mul(gan.generator(scores(discriminator, fake)), adversarial),
        perceptual: perceptual(images, image),
        reconstruction: tf.mul(difference, reconstruction),
      };
    },
  };
}

/**
 * Mean absolute difference of sketch and image together. The original stores a sketch as three equal channels beside
 * red, green and blue, so half of the mean is the sketch's (models.py:690, 735).
 */
export function pictureDifference(
  made: Omit<Picture, 'hole'>,
  truth: Omit<Picture, 'hole'>,
): TensorFlow.Scalar {
  return tf.mul(tf.add(meanAbsolute(made.sketch, truth.sketch), meanAbsolute(made.image, truth.image)), 0.5);
}
