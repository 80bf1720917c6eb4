/** How SC-FEGAN learns, after the paper, section 3.4; its authors have not published their training. */
import { type Adversaries, type GanStep, ganStep, scores, together } from '../../core/gan-step.ts';
import type { LearningStage } from '../../core/learner.ts';
import type { Scalars } from '../../core/method.ts';
import { drawStrokes, flatColours } from '../../data/colour-strokes.ts';
import { discriminatorLoss, gradientPenalty, linearLoss } from '../../losses/adversarial.ts';
import type { CompareFeatures } from '../../losses/perceptual.ts';
import { meanAbsolute, totalVariation } from '../../losses/reconstruction.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import {
  composite,
  discriminatorInput,
  drawNoise,
  generatorInput,
  type ScFeganInputs,
  scFeganInputs,
} from './inputs.ts';

/** Weights of the losses; the paper's numbers in brackets. */
export interface LossWeights {
  /** L1 inside the hole: the paper's alpha, which it does not give, but says to be above 1. */
  readonly hole: number;
  /** L1 outside (1). */
  readonly valid: number;
  /** (0.05) */
  readonly perceptual: number;
  /** (120) */
  readonly style: number;
  /** (0.1) */
  readonly totalVariation: number;
  /** The generator's adversarial loss (0.001). */
  readonly adversarial: number;
  /** (10) */
  readonly gradientPenalty: number;
  /**
   * Of the squared scores of real images (0.001). The paper counts them with the generator's losses, where they have no
   * effect; here the discriminator minimises them, so that its scores do not drift away.
   */
  readonly drift: number;
}

export interface ScFeganLosses {
  readonly weights: LossWeights;
  /** Perceptual and style losses; without it both are left out. */
  readonly features?: CompareFeatures | undefined;
}

/** @param random draws colour strokes, noise and the places of the gradient penalty. */
export function scFeganStage(
  learners: Adversaries,
  losses: ScFeganLosses,
  random: RandomStream,
): LearningStage {
  return {
    learners: [learners.generator, learners.discriminator],
    random: { inputs: random },
    draw(count, size) {
      const strokes = drawStrokes(count, size, () => random);
      const noise = drawNoise(count, size, random);
      const places = Array.from({ length: count }, () => random.uniform());
      return { samples: { strokes, noise, between: tf.tensor4d(places, [count, 1, 1, 1]) } };
    },
    step: (batch, inputs, accept) =>
      tf.tidy(() => {
        const { strokes, noise, between } = inputs as Record<string, Tensor4D>;
        const colour = { colours: flatColours(batch.image), where: strokes };
        const given = scFeganInputs(batch, noise, colour);
        return ganStep(scFeganStep(learners, losses, given, between), inputs, accept);
      }),
  };
}

interface Made {
  /** The generator's image. */
  readonly output: Tensor4D;
  /** It inside the hole, the photo outside. */
  readonly completed: Tensor4D;
  /** What the discriminator sees of that. */
  readonly fake: Tensor4D;
}

/**
 * One update of both networks. The discriminator is a {@link buildSnPatchGan} of 3×3 kernels.
 *
 * @param between for each image the share of the generated one in that at which the gradient penalty is taken
 *   [n,1,1,1].
 */
export function scFeganStep(
  { generator, discriminator }: Adversaries,
  losses: ScFeganLosses,
  inputs: ScFeganInputs,
  between: Tensor4D,
): GanStep<Made> {
  const { weights } = losses;
  const x = generatorInput(inputs);
  const real = discriminatorInput(inputs.image, inputs);
  return {
    generator,
    discriminator,
    // The gradient penalty is a gradient within the gradient.
    secondOrder: true,
    generate() {
      const output = generator.network.apply(x, { training: true }) as Tensor4D;
      const completed = composite(output, inputs);
      return { output, completed, fake: discriminatorInput(completed, inputs) };
    },
    discriminatorLosses({ completed, fake }) {
      const mixed = tf.add(tf.mul(completed, between), tf.mul(inputs.image, tf.sub(1, between))) as Tensor4D;
      // Not in training: the singular vectors move once a step, in the pass over real and generated samples.
      const score = (image: Tensor4D) =>
        discriminator.network.apply(discriminatorInput(image, inputs)) as Tensor4D;
      const penalty = gradientPenalty(score, mixed, inputs.hole);
      const both = together(discriminator, real, fake);
      return {
        discriminator: discriminatorLoss(linearLoss, both, 1),
        gradientPenalty: tf.mul(penalty, weights.gradientPenalty),
        drift: tf.mul(tf.mean(tf.square(both.ofReal)), weights.drift),
      };
    },
    generatorLosses({ output, completed, fake }) {
      const ofImages = imageLosses(output, completed, inputs, losses);
      const adversarial = linearLoss.generator(scores(discriminator, fake));
      return { adversarial: tf.mul(adversarial, weights.adversarial), ...ofImages };
    },
  };
}

function imageLosses(
  output: Tensor4D,
  completed: Tensor4D,
  { image, hole }: ScFeganInputs,
  { weights, features }: ScFeganLosses,
): Scalars {
  const weighted = (loss: Tensor, weight: number) => tf.mul(loss, weight) as TensorFlow.Scalar;
  const difference = (region: Tensor) => meanAbsolute(tf.mul(output, region), tf.mul(image, region));
  const losses: Scalars = {
    hole: weighted(difference(hole), weights.hole),
    valid: weighted(difference(tf.sub(1, hole)), weights.valid),
    totalVariation: weighted(totalVariation(completed, hole, 'both'), weights.totalVariation),
  };
  if (features) {
    const compared = features([output, completed], image);
    const sum = (kind: 'perceptual' | 'style') => tf.addN(compared.map((of) => of[kind]));
    losses.perceptual = weighted(sum('perceptual'), weights.perceptual);
    losses.style = weighted(sum('style'), weights.style);
  }
  return losses;
}
