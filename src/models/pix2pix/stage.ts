import { type AdversarialOptions, AdversarialStage } from '../../core/adversarial-stage.ts';
import type { Accept, StepScalars } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import { drawnKeep, type Keep } from '../../nn/dropout.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { RandomStream, type StreamState } from '../../runtime/seed.ts';
import { DROPOUT_RATE } from './generator.ts';
import { condition, type Task } from './inputs.ts';

export interface Pix2PixStageOptions extends AdversarialOptions {
  readonly task: Task;
  /** Weight of the L1 loss, 100 in the paper. */
  readonly reconstruction: number;
}

/**
 * Training of pix2pix (Isola et al. 2017, section 3.1; mmagic pix2pix.py train_step): the adversarial loss and L1 to
 * the photo, the discriminator learning first. The paper halves the discriminator's loss.
 */
export class Pix2PixStage extends AdversarialStage {
  readonly lossNames = ['discriminator', 'adversarial', 'reconstruction'];
  readonly #options: Pix2PixStageOptions;
  #random: RandomStream;

  /** @param random chooses what dropout drops. */
  constructor(
    generator: LayersModel,
    discriminator: LayersModel,
    random: RandomStream,
    options: Pix2PixStageOptions,
  ) {
    super(generator, discriminator, options);
    this.#options = options;
    this.#random = random;
  }

  step(batch: Batch, accept?: Accept): StepScalars {
    return tf.tidy(() => {
      const a = condition(this.#options.task, batch);
      return this.update(a, batch.image, drawnKeep(this.#random, DROPOUT_RATE), accept);
    });
  }

  /**
   * The update itself.
   *
   * @param a the condition [n,s,s,c]. @param b the photo [n,s,s,3].
   */
  update(a: Tensor4D, b: Tensor4D, keep: Keep, accept?: Accept): StepScalars {
    const forward = () => {
      const generated = this.generator.apply(a, { training: true, keep }) as Tensor4D;
      const difference = tf.mul<TensorFlow.Scalar>(meanAbsolute(b, generated), this.#options.reconstruction);
      const fake = tf.concat([a, generated], 3) as Tensor4D;
      this.generated(fake);
      return { fake, losses: { reconstruction: difference } };
    };
    return tf.tidy(() => this.play(tf.concat([a, b], 3) as Tensor4D, forward, accept));
  }

  /** Told of each generated sample [n,s,s,c + 3] before the discriminator learns from it. */
  protected generated(_fake: Tensor4D): void {}

  override randomState(): Record<string, StreamState> {
    return { dropout: this.#random.state() };
  }

  override restoreRandom(state: Record<string, StreamState>): void {
    this.#random = new RandomStream('', state.dropout);
  }
}
