/**
 * How DeepFillv2 learns (Yu et al. 2019, section 3.4; inpaint_model.py:131-213): SN-PatchGAN with the hinge loss and L1
 * of the coarse and the refined image over all pixels.
 */
import { type Adversaries, type GanStep, ganStep, scores, together } from '../../core/gan-step.ts';
import type { LearningStage } from '../../core/learner.ts';
import type { Batch } from '../../data/types.ts';
import { discriminatorLoss, hingeLoss } from '../../losses/adversarial.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';

export interface DeepFillLosses {
  /** Weight of the generator's adversarial loss, 1 in the original. */
  readonly adversarial: number;
  /** Weight of the L1 loss of both images, 1 in the original. */
  readonly reconstruction: number;
}

/** What the networks see of a batch. */
export interface DeepFillInputs {
  /** The photo [n,s,s,3] in [-1, 1]. */
  readonly image: Tensor4D;
  /** [n,s,s,1], 1 = hole. */
  readonly hole: Tensor4D;
  /** [n,s,s,1], 1 = line, 0 = paper and everywhere outside the hole. */
  readonly edges?: Tensor4D;
}

/** The inputs of a batch, whose sketch has -1 for lines. */
export function deepFillInputs({ image, hole, sketch }: Batch, guided: boolean): DeepFillInputs {
  if (!guided) return { image, hole };
  return { image, hole, edges: tf.mul(tf.mul(tf.sub(1, sketch), 0.5), hole) as Tensor4D };
}

/** The generator's input tensors, in its order. */
export function generatorInputs({ image, hole, edges }: DeepFillInputs): Tensor4D[] {
  const incomplete: Tensor4D = tf.mul(image, tf.sub(1, hole));
  return edges ? [incomplete, hole, edges] : [incomplete, hole];
}

/** @param guided whether a sketch guides the generator. */
export function deepFillStage(learners: Adversaries, losses: DeepFillLosses, guided: boolean): LearningStage {
  return {
    learners: [learners.generator, learners.discriminator],
    step: (batch, inputs, accept) =>
      tf.tidy(() => ganStep(deepFillStep(learners, losses, deepFillInputs(batch, guided)), inputs, accept)),
  };
}

interface Made {
  readonly coarse: Tensor4D;
  readonly refined: Tensor4D;
  /** What the discriminator sees: the refined image in the photo, hole and edges. */
  readonly fake: Tensor4D;
}

/**
 * One update of both networks. The original updates the discriminator on a batch of its own; here both learn from one.
 */
export function deepFillStep(
  { generator, discriminator }: Adversaries,
  { adversarial, reconstruction }: DeepFillLosses,
  inputs: DeepFillInputs,
): GanStep<Made> {
  const { image, hole, edges } = inputs;
  const given = generatorInputs(inputs);
  const [incomplete] = given;
  const conditioned = (x: Tensor4D) => tf.concat(edges ? [x, hole, edges] : [x, hole], 3) as Tensor4D;
  const real = conditioned(image);
  const gan = hingeLoss(1);
  return {
    generator,
    discriminator,
    generate() {
      const [coarse, refined] = generator.network.apply(given, { training: true }) as [Tensor4D, Tensor4D];
      return { coarse, refined, fake: conditioned(tf.add(tf.mul(refined, hole), incomplete)) };
    },
    discriminatorLosses: ({ fake }) => ({
      discriminator: discriminatorLoss(gan, together(discriminator, real, fake), 0.5),
    }),
    generatorLosses({ coarse, refined, fake }) {
      const difference = tf.add(meanAbsolute(image, coarse), meanAbsolute(image, refined));
      return {
        adversarial: tf.mul(gan.generator(scores(discriminator, fake)), adversarial),
        reconstruction: tf.mul(difference, reconstruction),
      };
    },
  };
}
