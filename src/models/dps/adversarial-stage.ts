/** Adversarial training of one generator against its discriminator, as F and every level of G have it. */

import type { Batch } from '../../data/types.ts';
import { discriminatorHinge, generatorHinge } from '../../losses/adversarial.ts';
import { Adam, type AdamOptions } from '../../nn/adam.ts';
import { gradientNorm } from '../../nn/gradient-norm.ts';
import { assignNamed, namedWeights, trainableWeights } from '../../nn/network-weights.ts';
import { valueAndGradients } from '../../runtime/backpropagation.ts';
import { untaped } from '../../runtime/gradients.ts';
import type { StreamState } from '../../runtime/seed.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../runtime/tf.ts';
import type { Accept, NamedTensors, Scalars, StepScalars, Trainable } from '../method.ts';

export const LOSS_NAMES = ['discriminator', 'adversarial', 'perceptual', 'reconstruction'] as const;

export interface AdversarialOptions {
  readonly adam: AdamOptions;
  readonly hingeMargin: number;
  /** Weight of the adversarial loss, for generator and discriminator alike. */
  readonly weight: number;
}

/** What a generator made, and the losses that compare it with the truth, weighted. */
export interface Forward {
  /** The discriminator's input. */
  readonly fake: Tensor4D;
  readonly perceptual: TensorFlow.Scalar;
  readonly reconstruction: TensorFlow.Scalar;
}

/** A generator and its discriminator with their optimisers; subclasses say what the generator does with a batch. */
export abstract class AdversarialStage implements Trainable {
  readonly lossNames = LOSS_NAMES;
  protected readonly generator: LayersModel;
  readonly #discriminator: LayersModel;
  readonly #optimizers: readonly [Adam, Adam];
  readonly #options: AdversarialOptions;

  constructor(generator: LayersModel, discriminator: LayersModel, options: AdversarialOptions) {
    this.generator = generator;
    this.#discriminator = discriminator;
    this.#options = options;
    this.#optimizers = [
      new Adam(trainableWeights(generator), options.adam),
      new Adam(trainableWeights(discriminator), options.adam),
    ];
  }

  abstract step(batch: Batch, accept?: Accept): StepScalars;

  /**
   * Updates the discriminator on `real` and the generator's result, then the generator against the updated
   * discriminator (models.py:746-762). The original runs the generator once for each; here the discriminator's update
   * happens inside the generator's one recorded forward pass, on its value, which gives the same numbers.
   *
   * @param real the discriminator's input for real samples.
   * @param forward runs the generator.
   * @returns the losses by {@link LOSS_NAMES}, and the lengths of both networks' gradients.
   */
  protected play(real: Tensor4D, forward: () => Forward, accept: Accept = () => true): StepScalars {
    const [generatorAdam, discriminatorAdam] = this.#optimizers;
    const { hingeMargin, weight } = this.#options;
    const judge = (input: Tensor4D) => this.#discriminator.apply(input, { training: true }) as Tensor4D;
    const losses: Scalars = {};
    const gradientNorms: Scalars = {};
    tf.tidy(() => {
      const { grads } = valueAndGradients(() => {
        const { fake, perceptual, reconstruction } = forward();
        untaped(() => {
          const { value, grads: discriminatorGrads } = valueAndGradients(
            () => tf.mul(discriminatorHinge(judge(real), judge(fake), hingeMargin), weight),
            discriminatorAdam.variables,
          );
          discriminatorAdam.apply(discriminatorGrads);
          losses.discriminator = tf.keep(value);
          gradientNorms.discriminator = tf.keep(gradientNorm(discriminatorGrads));
        });
        const adversarial = tf.mul(generatorHinge(judge(fake)), weight) as TensorFlow.Scalar;
        Object.assign(losses, {
          adversarial: tf.keep(adversarial),
          perceptual: tf.keep(perceptual),
          reconstruction: tf.keep(reconstruction),
        });
        return tf.addN([adversarial, perceptual, reconstruction]) as TensorFlow.Scalar;
      }, generatorAdam.variables);
      gradientNorms.generator = tf.keep(gradientNorm(grads));
      if (accept({ losses, gradientNorms })) generatorAdam.apply(grads);
    });
    return { losses, gradientNorms };
  }

  state(): NamedTensors {
    const [generator, discriminator] = this.#networks;
    const weights = Object.entries({ ...namedWeights(generator), ...namedWeights(discriminator) });
    return {
      ...Object.fromEntries(weights.map(([name, weight]) => [name, weight.clone()])),
      ...this.#optimizers[0].state(`${generator.name}/adam/step`),
      ...this.#optimizers[1].state(`${discriminator.name}/adam/step`),
    };
  }

  restore(state: Record<string, Tensor>): void {
    this.#networks.forEach((network, index) => {
      assignNamed(namedWeights(network), state);
      this.#optimizers[index]!.restore(`${network.name}/adam/step`, state);
    });
  }

  randomState(): Record<string, StreamState> {
    return {};
  }

  restoreRandom(_state: Record<string, StreamState>): void {}

  /** Frees the optimisers; the networks stay. */
  dispose(): void {
    for (const optimizer of this.#optimizers) optimizer.dispose();
  }

  get #networks(): readonly [LayersModel, LayersModel] {
    return [this.generator, this.#discriminator];
  }
}
