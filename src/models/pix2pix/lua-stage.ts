import type { Accept, StepScalars } from '../../core/method.ts';
import { TransposedConv2D } from '../../nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../../nn/zero-pad-conv.ts';
import { untaped, withGradient } from '../../ops/gradients.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { Pix2PixStage, type Pix2PixStageOptions } from './stage.ts';

/**
 * Training as the authors' Lua code does it (train.lua:220-300), with what it does unlike the paper: once the
 * generator has run, and again before it learns, the biases of all convolutions are set to zero, so that they never
 * grow; and the generator learns from the discriminator's pass of before its update, through its weights of after.
 */
export class LuaPix2PixStage extends Pix2PixStage {
  readonly #networks: readonly LayersModel[];
  readonly #gan: Pix2PixStageOptions['gan'];
  readonly #weight: number;
  /** Each layer's input, and the scores, of the discriminator's pass over the generated samples. */
  #pass: Tensor[] = [];

  constructor(
    generator: LayersModel,
    discriminator: LayersModel,
    random: RandomStream,
    options: Pix2PixStageOptions,
  ) {
    super(generator, discriminator, random, options);
    this.#networks = [generator, discriminator];
    this.#gan = options.gan;
    this.#weight = options.weight;
  }

  override update(...given: Parameters<Pix2PixStage['update']>): StepScalars {
    const [a, b, keep, accept] = given;
    const cleared: Accept = (measured) => {
      this.#clearBiases();
      return accept?.(measured) ?? true;
    };
    return super.update(a, b, keep, cleared);
  }

  #clearBiases(): void {
    for (const layer of this.#networks.flatMap((network) => network.layers))
      if ((layer instanceof ZeroPadConv2D || layer instanceof TransposedConv2D) && layer.bias) {
        const { bias } = layer;
        tf.tidy(() => void bias.write(tf.zerosLike(bias.read())));
      }
  }

  protected override generated(fake: Tensor4D): void {
    this.#clearBiases();
    this.#pass = untaped(() => {
      const pass: Tensor[] = [fake];
      for (const layer of layersOf(this.discriminator)) pass.push(run(layer, pass.at(-1)!));
      return pass;
    });
  }

  protected override adversarialLoss(fake: Tensor4D): TensorFlow.Scalar {
    const score = (scores: Tensor) => tf.mul<TensorFlow.Scalar>(this.#gan.generator(scores), this.#weight);
    return withGradient(
      [fake],
      (save) => {
        save(this.#pass);
        return score(this.#pass.at(-1)!);
      },
      (dy, pass) => [
        () =>
          untaped(() => {
            let gradient = tf.mul(tf.grad(score)(pass.at(-1)!), dy);
            layersOf(this.discriminator)
              .map((layer, index) => [layer, pass[index]] as const)
              .reverse()
              .forEach(([layer, input]) => {
                gradient = tf.grad((x) => run(layer, x))(input, gradient);
              });
            return gradient;
          }),
      ],
    ) as TensorFlow.Scalar;
  }
}

/** A sequential network's layers without its input. */
const layersOf = (network: LayersModel) => network.layers.slice(1);

/** A layer in training that leaves no trace of it. */
const run = (layer: TensorFlow.layers.Layer, x: Tensor): Tensor =>
  layer.apply(x, { training: true, statisticsUpdates: 0 }) as Tensor;
