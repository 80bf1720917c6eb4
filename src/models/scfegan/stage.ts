import { AdversarialStage, type Forward } from '../../core/adversarial-stage.ts';
import type { Accept, Scalars, StepScalars } from '../../core/method.ts';
import { drawColourStrokes } from '../../data/colour-strokes.ts';
import type { Batch } from '../../data/types.ts';
import { linearLoss } from '../../losses/adversarial.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import { gradientPenalty } from '../../losses/gradient-penalty.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import { totalVariation } from '../../losses/total-variation.ts';
import type { AdamOptions } from '../../nn/adam.ts';
import {
  type LayersModel,
  type Tensor,
  type Tensor4D,
  type TensorFlow,
  tf,
  type Variable,
} from '../../ops/tf.ts';
import { RandomStream, type StreamState } from '../../runtime/seed.ts';
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

export interface ScFeganStageOptions {
  readonly adam: AdamOptions;
  readonly weights: LossWeights;
  /** Perceptual and style losses; without it both are left out. */
  readonly features?: CompareFeatures | undefined;
}

/**
 * Training of SC-FEGAN after the paper, section 3.4; its authors have not published theirs. The discriminator is a
 * {@link buildSnPatchGan} of 3×3 kernels.
 */
export class ScFeganStage extends AdversarialStage {
  readonly lossNames: readonly string[];
  readonly #options: ScFeganStageOptions;
  #random: RandomStream;
  /** The inputs of the step that is being done, and one number for each image that lies between real and generated. */
  #current: { readonly inputs: ScFeganInputs; readonly between: Tensor4D } | undefined;

  /** @param random draws colour strokes, noise and the places of the gradient penalty. */
  constructor(
    generator: LayersModel,
    discriminator: LayersModel,
    random: RandomStream,
    options: ScFeganStageOptions,
  ) {
    const { adam, weights } = options;
    super(generator, discriminator, {
      adam,
      gan: linearLoss,
      weight: weights.adversarial,
      discriminatorWeight: 1,
      judging: 'together',
    });
    this.#options = options;
    this.#random = random;
    const ofFeatures = options.features ? ['perceptual', 'style'] : [];
    this.lossNames = [
      'discriminator',
      'gradientPenalty',
      'drift',
      'adversarial',
      'hole',
      'valid',
      ...ofFeatures,
      'totalVariation',
    ];
  }

  step(batch: Batch, accept?: Accept): StepScalars {
    return tf.tidy(() => {
      const [count, size] = batch.image.shape;
      const strokes = drawColourStrokes(batch.image, () => this.#random);
      const inputs = scFeganInputs(batch, drawNoise(count, size, this.#random), strokes);
      const places = Array.from({ length: count }, () => this.#random.uniform());
      return this.update(inputs, tf.tensor4d(places, [count, 1, 1, 1]), accept);
    });
  }

  /**
   * The update itself.
   *
   * @param between for each image the share of the generated one in that at which the gradient penalty is taken
   *   [n,1,1,1].
   */
  update(inputs: ScFeganInputs, between: Tensor4D, accept?: Accept): StepScalars {
    this.#current = { inputs, between };
    const forward = (): Forward => {
      const output = this.generator.apply(generatorInput(inputs), { training: true }) as Tensor4D;
      const completed = composite(output, inputs);
      return { fake: discriminatorInput(completed, inputs), losses: this.#losses(output, completed, inputs) };
    };
    try {
      return tf.tidy(() => this.play(discriminatorInput(inputs.image, inputs), forward, accept));
    } finally {
      this.#current = undefined;
    }
  }

  #losses(output: Tensor4D, completed: Tensor4D, { image, hole }: ScFeganInputs): Scalars {
    const { weights, features } = this.#options;
    const weighted = (loss: Tensor, weight: number) => tf.mul(loss, weight) as TensorFlow.Scalar;
    const difference = (region: Tensor) => meanAbsolute(tf.mul(output, region), tf.mul(image, region));
    const losses: Record<string, TensorFlow.Scalar> = {
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

  protected override discriminatorLosses(real: Tensor4D, fake: Tensor4D): Scalars {
    const { weights } = this.#options;
    const { inputs, between } = this.#current!;
    const [realImage, fakeImage] = [real, fake].map((x) => tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, 3]));
    const mixed = tf.add(tf.mul(fakeImage, between), tf.mul(realImage, tf.sub(1, between))) as Tensor4D;
    // Not in training: the singular vectors move once a step, in the pass over real and generated samples.
    const score = (image: Tensor4D) =>
      this.discriminator.apply(discriminatorInput(image, inputs)) as Tensor4D;
    const penalty = gradientPenalty(score, mixed, inputs.hole);
    const { ofReal, ofFake } = this.judgeBoth(real, fake);
    return {
      discriminator: tf.add(linearLoss.real(ofReal), linearLoss.fake(ofFake)),
      gradientPenalty: tf.mul(penalty, weights.gradientPenalty),
      drift: tf.mul(tf.mean(tf.square(ofReal)), weights.drift),
    };
  }

  /** Its gradient penalty is a gradient within the gradient, which only TF.js's own tape records. */
  protected override discriminatorGradients(
    loss: () => TensorFlow.Scalar,
    variables: readonly Variable[],
  ): Record<string, Tensor> {
    return tf.variableGrads(loss, [...variables]).grads;
  }

  override randomState(): Record<string, StreamState> {
    return { inputs: this.#random.state() };
  }

  override restoreRandom(state: Record<string, StreamState>): void {
    this.#random = new RandomStream('', state.inputs);
  }
}
