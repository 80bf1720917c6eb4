/** Adversarial training of one generator against its discriminator. */
import type { GanLoss } from '../losses/adversarial.ts';
import type { AdamOptions } from '../nn/adam.ts';
import { gradientNorm } from '../nn/gradient-norm.ts';
import { valueAndGradients } from '../ops/backpropagation.ts';
import { untaped } from '../ops/gradients.ts';
import {
  type LayersModel,
  type Tensor,
  type Tensor4D,
  type TensorFlow,
  tf,
  type Variable,
} from '../ops/tf.ts';
import { LearningStage } from './learning-stage.ts';
import type { Accept, Scalars, StepScalars } from './method.ts';

export interface AdversarialOptions {
  readonly adam: AdamOptions;
  readonly gan: GanLoss;
  /** Weight of the generator's adversarial loss. */
  readonly weight: number;
  /** Weight of the discriminator's loss. */
  readonly discriminatorWeight: number;
  /**
   * How the discriminator sees both kinds of samples when it learns, which the state of its normalisation shows: one
   * after the other, or as one batch. Real ones first by default.
   */
  readonly judging?: 'real first' | 'generated first' | 'together';
}

/** What a generator made, and its losses other than the adversarial one, weighted. */
export interface Forward {
  /** The discriminator's input. */
  readonly fake: Tensor4D;
  readonly losses: Scalars;
}

/** A generator and its discriminator with their optimisers; subclasses say what the generator does with a batch. */
export abstract class AdversarialStage extends LearningStage {
  protected readonly generator: LayersModel;
  protected readonly discriminator: LayersModel;
  readonly #options: AdversarialOptions;

  constructor(generator: LayersModel, discriminator: LayersModel, options: AdversarialOptions) {
    super([generator, discriminator], options.adam);
    this.generator = generator;
    this.discriminator = discriminator;
    this.#options = options;
  }

  /** The discriminator's scores in training. */
  protected judge(input: Tensor4D): Tensor4D {
    return this.discriminator.apply(input, { training: true }) as Tensor4D;
  }

  /** The discriminator's losses, weighted; what it minimises is their sum. */
  protected discriminatorLosses(real: Tensor4D, fake: Tensor4D): Scalars {
    const { gan, discriminatorWeight } = this.#options;
    const { ofReal, ofFake } = this.judgeBoth(real, fake);
    return { discriminator: tf.mul(tf.add(gan.real(ofReal), gan.fake(ofFake)), discriminatorWeight) };
  }

  /** The discriminator's scores of both kinds of samples, as it sees them when it learns. */
  protected judgeBoth(real: Tensor4D, fake: Tensor4D): { ofReal: Tensor4D; ofFake: Tensor4D } {
    const { judging = 'real first' } = this.#options;
    if (judging === 'together') {
      const [ofReal, ofFake] = tf.split(this.judge(tf.concat([real, fake], 0) as Tensor4D), 2, 0);
      return { ofReal: ofReal as Tensor4D, ofFake: ofFake as Tensor4D };
    }
    if (judging === 'real first') return { ofReal: this.judge(real), ofFake: this.judge(fake) };
    return { ofFake: this.judge(fake), ofReal: this.judge(real) };
  }

  /** Gradients of the discriminator's loss, by its variables' names. */
  protected discriminatorGradients(
    loss: () => TensorFlow.Scalar,
    variables: readonly Variable[],
  ): Record<string, Tensor> {
    return valueAndGradients(loss, variables).grads;
  }

  /** The generator's adversarial loss against the updated discriminator, weighted. */
  protected adversarialLoss(fake: Tensor4D): TensorFlow.Scalar {
    return tf.mul(this.#options.gan.generator(this.judge(fake)), this.#options.weight);
  }

  /**
   * Updates the discriminator on `real` and the generator's result, then the generator against the updated
   * discriminator. Where an original runs the generator once for each, the discriminator's update happens here inside
   * the generator's one recorded forward pass, on its value, which gives the same numbers.
   *
   * @param real the discriminator's input for real samples.
   * @param forward runs the generator.
   * @returns the losses, and the lengths of both networks' gradients.
   */
  protected play(real: Tensor4D, forward: () => Forward, accept: Accept = () => true): StepScalars {
    const [generatorAdam, discriminatorAdam] = this.optimizers as [
      (typeof this.optimizers)[number],
      (typeof this.optimizers)[number],
    ];
    const losses: Scalars = {};
    const gradientNorms: Scalars = {};
    const note = (scalars: Scalars) => {
      for (const [name, scalar] of Object.entries(scalars)) losses[name] = tf.keep(scalar);
    };
    tf.tidy(() => {
      const { grads } = valueAndGradients(() => {
        const made = forward();
        untaped(() => {
          const discriminatorGrads = this.discriminatorGradients(() => {
            const parts = this.discriminatorLosses(real, made.fake);
            note(parts);
            return tf.addN(Object.values(parts)) as TensorFlow.Scalar;
          }, discriminatorAdam.variables);
          discriminatorAdam.apply(discriminatorGrads);
          gradientNorms.discriminator = tf.keep(gradientNorm(discriminatorGrads));
        });
        const parts = { adversarial: this.adversarialLoss(made.fake), ...made.losses };
        note(parts);
        return tf.addN(Object.values(parts)) as TensorFlow.Scalar;
      }, generatorAdam.variables);
      gradientNorms.generator = tf.keep(gradientNorm(grads));
      if (accept({ losses, gradientNorms })) generatorAdam.apply(grads);
    });
    return { losses, gradientNorms };
  }
}
