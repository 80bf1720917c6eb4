import { LearningStage } from '../../core/learning-stage.ts';
import type { Accept, Scalars, StepScalars } from '../../core/method.ts';
import type { Batch } from '../../data/types.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import type { AdamOptions } from '../../nn/adam.ts';
import { gradientNorm } from '../../nn/gradient-norm.ts';
import { valueAndGradients } from '../../ops/backpropagation.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { inpaintingLosses, LOSS_NAMES, type LossVariant, type LossWeights } from './losses.ts';
import { freezeEncoderNorms } from './network.ts';

export interface PartialConvStageOptions {
  readonly adam: AdamOptions;
  /** Whether the encoder's batch normalisation is frozen, as in the second phase (section 4.2 of the paper). */
  readonly frozenEncoderNorms: boolean;
  readonly losses: LossVariant;
  readonly weights: LossWeights;
  readonly features: CompareFeatures;
  /** Whether the network is given the sketch. */
  readonly sketch: boolean;
}

/**
 * The network's inputs of a batch: the photo with what is valid of it (the hole's opposite) and, with `sketch`, the
 * sketch inside the hole, 0 elsewhere, which is valid everywhere.
 */
export function networkInputs({ image, sketch, hole }: Batch, withSketch: boolean): Tensor4D[] {
  const valid = tf.sub(1, hole) as Tensor4D;
  if (!withSketch) return [image, valid];
  // Not `onesLike`, which no format of exports has.
  const everywhere: Tensor4D = tf.add(tf.mul(hole, 0), 1);
  return [image, valid, tf.mul(sketch, hole), everywhere];
}

/** One phase of the training of partial convolutions (Liu et al. 2018; mmagic pconv_inpaintor.py train_step). */
export class PartialConvStage extends LearningStage {
  readonly lossNames = LOSS_NAMES;
  readonly #network: LayersModel;
  readonly #options: PartialConvStageOptions;

  constructor(network: LayersModel, options: PartialConvStageOptions) {
    freezeEncoderNorms(network, options.frozenEncoderNorms);
    super([network], options.adam);
    this.#network = network;
    this.#options = options;
  }

  step(batch: Batch, accept: Accept = () => true): StepScalars {
    const { losses: variant, weights, features, sketch } = this.#options;
    const [adam] = this.optimizers as [(typeof this.optimizers)[number]];
    const losses: Scalars = {};
    const gradientNorms: Scalars = {};
    tf.tidy(() => {
      const inputs = networkInputs(batch, sketch);
      const { grads } = valueAndGradients(() => {
        const [output] = this.#network.apply(inputs, { training: true }) as [Tensor4D];
        const parts = inpaintingLosses(
          { output, truth: batch.image, hole: batch.hole },
          { variant, weights, features },
        );
        for (const [name, loss] of Object.entries(parts)) losses[name] = tf.keep(loss);
        return tf.addN(Object.values(parts)) as TensorFlow.Scalar;
      }, adam.variables);
      gradientNorms.generator = tf.keep(gradientNorm(grads));
      if (accept({ losses, gradientNorms })) adam.apply(grads);
    });
    return { losses, gradientNorms };
  }
}
