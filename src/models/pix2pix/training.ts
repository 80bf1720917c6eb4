/** How pix2pix learns: as the paper says, or as the authors' Lua code does it. */
import {
  type Adversaries,
  type GanStep,
  ganStep,
  generatedFirst,
  realFirst,
  scores,
} from '../../core/gan-step.ts';
import type { LearningStage } from '../../core/learner.ts';
import { discriminatorLoss, type GanLoss } from '../../losses/adversarial.ts';
import { meanAbsolute } from '../../losses/reconstruction.ts';
import { drawSeeds, type Keep, seededKeep } from '../../nn/dropout.ts';
import { TransposedConv2D } from '../../nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../../nn/zero-pad-conv.ts';
import { withGradient, withoutTape } from '../../ops/gradients.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import type { RandomStream } from '../../runtime/seed.ts';
import { DROPOUT_RATE, type Variant } from './generator.ts';
import { condition, type Task } from './inputs.ts';

export interface Pix2PixLosses {
  readonly gan: GanLoss;
  /** Weight of both networks' adversarial losses. */
  readonly adversarial: number;
  /** Weight of the L1 loss, 100 in the paper. */
  readonly reconstruction: number;
}

export interface Pix2PixOptions {
  readonly task: Task;
  readonly variant: Variant;
  /** Draws the seeds of what dropout drops. */
  readonly random: RandomStream;
}

export function pix2pixStage(
  learners: Adversaries,
  losses: Pix2PixLosses,
  { task, variant, random }: Pix2PixOptions,
): LearningStage {
  return {
    learners: [learners.generator, learners.discriminator],
    random: { dropout: random },
    draw: () => ({ tensors: drawSeeds(learners.generator.network, random) }),
    step: (batch, inputs, accept) =>
      tf.tidy(() => {
        const pair = { a: condition(task, batch), b: batch.image, keep: seededKeep(inputs, DROPOUT_RATE) };
        return variant === 'lua'
          ? ganStep(luaStep(learners, losses, pair), inputs, accept)
          : ganStep(pix2pixStep(learners, losses, pair), inputs, accept);
      }),
  };
}

export interface Pair {
  /** The condition [n,s,s,c]. */
  readonly a: Tensor4D;
  /** The photo [n,s,s,3]. */
  readonly b: Tensor4D;
  /** What dropout keeps. */
  readonly keep: Keep;
}

interface Made {
  /** What the generator made of the condition [n,s,s,3]. */
  readonly image: Tensor4D;
  /** That beside the condition: what the discriminator sees [n,s,s,c + 3]. */
  readonly fake: Tensor4D;
}

/**
 * One update as the paper has it (Isola et al. 2017, section 3.1; mmagic pix2pix.py train_step): the adversarial loss,
 * half of it for the discriminator, and L1 to the photo.
 */
export function pix2pixStep(
  { generator, discriminator }: Adversaries,
  { gan, adversarial, reconstruction }: Pix2PixLosses,
  { a, b, keep }: Pair,
): GanStep<Made> {
  const real = tf.concat([a, b], 3) as Tensor4D;
  return {
    generator,
    discriminator,
    generate() {
      const image = generator.network.apply(a, { training: true, keep }) as Tensor4D;
      return { image, fake: tf.concat([a, image], 3) as Tensor4D };
    },
    discriminatorLosses: ({ fake }) => ({
      discriminator: discriminatorLoss(gan, generatedFirst(discriminator, real, fake), adversarial * 0.5),
    }),
    generatorLosses: ({ image, fake }) => ({
      adversarial: tf.mul(gan.generator(scores(discriminator, fake)), adversarial),
      reconstruction: tf.mul(meanAbsolute(b, image), reconstruction),
    }),
  };
}

interface LuaMade extends Made {
  /** Each layer's input, and the scores, of the discriminator's pass over `fake` before its update. */
  readonly pass: readonly Tensor[];
}

/**
 * One update as the authors' Lua code does it (train.lua:220-300), with what it does unlike the paper: once the
 * generator has run, and again before it learns, the biases of all convolutions are set to zero, so that they never
 * grow; and the generator learns from the discriminator's pass of before its update, through its weights of after. The
 * discriminator's loss is halved only where it is printed.
 */
export function luaStep(
  { generator, discriminator }: Adversaries,
  losses: Pix2PixLosses,
  pair: Pair,
): GanStep<LuaMade> {
  const { gan, adversarial, reconstruction } = losses;
  const { generate } = pix2pixStep({ generator, discriminator }, losses, pair);
  const real = tf.concat([pair.a, pair.b], 3) as Tensor4D;
  const clearBiases = () => {
    for (const { network } of [generator, discriminator]) clearBiasesOf(network);
  };
  return {
    generator,
    discriminator,
    generate() {
      const made = generate();
      clearBiases();
      return { ...made, pass: passThrough(discriminator.network, made.fake) };
    },
    discriminatorLosses: ({ fake }) => ({
      discriminator: discriminatorLoss(gan, realFirst(discriminator, real, fake), adversarial),
    }),
    generatorLosses({ image, fake, pass }) {
      clearBiases();
      const loss = (ofFake: Tensor) => tf.mul<TensorFlow.Scalar>(gan.generator(ofFake), adversarial);
      return {
        adversarial: lossOfPass(discriminator.network, fake, pass, loss),
        reconstruction: tf.mul(meanAbsolute(pair.b, image), reconstruction),
      };
    },
  };
}

function clearBiasesOf({ layers }: LayersModel): void {
  for (const layer of layers)
    if ((layer instanceof ZeroPadConv2D || layer instanceof TransposedConv2D) && layer.bias) {
      const { bias } = layer;
      tf.tidy(() => void bias.write(tf.zerosLike(bias.read())));
    }
}

/** The input of each layer of a sequential network, and its output; constants to any gradient. */
function passThrough(network: LayersModel, input: Tensor): Tensor[] {
  return withoutTape(() => {
    let x = input;
    const outputs = layersOf(network).map((layer) => {
      x = run(layer, x);
      return x;
    });
    return [input, ...outputs];
  });
}

/**
 * A loss of the scores of a pass that began with `x`. Its gradient goes back through the layers as they are now, at the
 * inputs that they had in the pass.
 */
function lossOfPass(
  network: LayersModel,
  x: Tensor,
  pass: readonly Tensor[],
  loss: (scores: Tensor) => TensorFlow.Scalar,
): TensorFlow.Scalar {
  const layers = layersOf(network);
  const backward = (dy: Tensor, saved: readonly Tensor[]) => {
    let gradient = tf.mul(tf.grad(loss)(saved[layers.length]), dy);
    for (const [index, layer] of [...layers.entries()].reverse())
      gradient = tf.grad((input) => run(layer, input))(saved[index], gradient);
    return gradient;
  };
  return withGradient(
    [x],
    (save) => {
      save([...pass]);
      return loss(pass[layers.length]);
    },
    (dy, saved) => [() => withoutTape(() => backward(dy, saved))],
  ) as TensorFlow.Scalar;
}

/** A sequential network's layers without its input. */
const layersOf = (network: LayersModel) => network.layers.slice(1);

/** A layer in training that leaves no trace of it. */
const run = (layer: TensorFlow.layers.Layer, x: Tensor): Tensor =>
  layer.apply(x, { training: true, statisticsUpdates: 0 }) as Tensor;
