/** One iteration of adversarial training, as F and every level of G have it. */
import { discriminatorHinge, generatorHinge } from '../../losses/adversarial.ts';
import { Adam, type AdamOptions } from '../../nn/adam.ts';
import { assignNamed, namedWeights, trainableWeights } from '../../nn/network-weights.ts';
import { untaped } from '../../runtime/gradients.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../runtime/tf.ts';
import type { Losses, NamedTensors } from '../method.ts';

export const LOSS_NAMES = ['discriminator', 'adversarial', 'perceptual', 'reconstruction'] as const;

export interface AdversarialOptions {
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

/** A generator and its discriminator with their optimisers. */
export class AdversarialPair {
  readonly #networks: readonly [LayersModel, LayersModel];
  readonly #optimizers: readonly [Adam, Adam];
  readonly #options: AdversarialOptions;

  constructor(
    generator: LayersModel,
    discriminator: LayersModel,
    adam: AdamOptions,
    options: AdversarialOptions,
  ) {
    this.#networks = [generator, discriminator];
    this.#optimizers = [
      new Adam(trainableWeights(generator), adam),
      new Adam(trainableWeights(discriminator), adam),
    ];
    this.#options = options;
  }

  /**
   * Updates the discriminator on `real` and the generator's result, then the generator against the updated
   * discriminator (models.py:746-762). The original runs the generator once for each; here the discriminator's update
   * happens inside the generator's one recorded forward pass, on its value, which gives the same numbers.
   *
   * @param real the discriminator's input for real samples.
   * @param forward runs the generator.
   * @returns the losses by {@link LOSS_NAMES}, before the update; the caller disposes of them.
   */
  step(real: Tensor4D, forward: () => Forward): Losses {
    const [, discriminator] = this.#networks;
    const [generatorAdam, discriminatorAdam] = this.#optimizers;
    const { hingeMargin, weight } = this.#options;
    const judge = (input: Tensor4D) => discriminator.apply(input, { training: true }) as Tensor4D;
    const losses: Losses = {};
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const { fake, perceptual, reconstruction } = forward();
        untaped(() => {
          const { value, grads: discriminatorGrads } = tf.variableGrads(
            () => tf.mul(discriminatorHinge(judge(real), judge(fake), hingeMargin), weight),
            discriminatorAdam.variables,
          );
          discriminatorAdam.apply(discriminatorGrads);
          losses.discriminator = tf.keep(value);
        });
        const adversarial = tf.mul(generatorHinge(judge(fake)), weight) as TensorFlow.Scalar;
        Object.assign(losses, {
          adversarial: tf.keep(adversarial),
          perceptual: tf.keep(perceptual),
          reconstruction: tf.keep(reconstruction),
        });
        return tf.addN([adversarial, perceptual, reconstruction]) as TensorFlow.Scalar;
      }, generatorAdam.variables);
      generatorAdam.apply(grads);
    });
    return losses;
  }

  /** Weights of both networks and their optimisers' state. The caller disposes of them. */
  state(): NamedTensors {
    const [generator, discriminator] = this.#networks;
    const weights = Object.entries({ ...namedWeights(generator), ...namedWeights(discriminator) });
    return {
      ...Object.fromEntries(weights.map(([name, weight]) => [name, weight.clone()])),
      ...this.#optimizers[0].state(`${generator.name}/adam/step`),
      ...this.#optimizers[1].state(`${discriminator.name}/adam/step`),
    };
  }

  /** Puts back what {@link state} gave. @throws UserError when something is missing or of another shape. */
  restore(state: Record<string, Tensor>): void {
    this.#networks.forEach((network, index) => {
      assignNamed(namedWeights(network), state);
      this.#optimizers[index]!.restore(`${network.name}/adam/step`, state);
    });
  }

  dispose(): void {
    for (const optimizer of this.#optimizers) optimizer.dispose();
  }
}
