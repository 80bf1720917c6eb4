/** How partial convolutions learn (Liu et al. 2018, section 3.3; mmagic pconv_inpaintor.py train_step). */
import type { EmaOptions } from '../../core/average.ts';
import { singleStep } from '../../core/gan-step.ts';
import { type LearningStage, makeLearner } from '../../core/learner.ts';
import type { Scalars } from '../../core/method.ts';
import type { CompareFeatures } from '../../losses/perceptual.ts';
import { dilateHole, meanAbsolute, regionMean, totalVariation } from '../../losses/reconstruction.ts';
import type { AdamOptions } from '../../nn/adam.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';
import { freezeEncoderNorms, networkInputs } from './network.ts';

/**
 * Whose losses they are. `paper`: L1 of hole and valid pixels divided by all pixels, total variation of pairs within
 * the hole dilated by a pixel. `mmagic`: L1 divided by the hole's or the valid pixels, total variation of pairs whose
 * first pixel is in the hole. `naoto`: L1 as the paper's, total variation of the whole composite.
 */
export type LossVariant = 'paper' | 'mmagic' | 'naoto';

export interface LossWeights {
  readonly valid: number;
  readonly hole: number;
  readonly perceptual: number;
  readonly style: number;
  readonly totalVariation: number;
}

export interface PartialConvLosses {
  readonly variant: LossVariant;
  readonly weights: LossWeights;
  readonly features: CompareFeatures;
}

export interface PartialConvOptions {
  readonly adam: AdamOptions;
  /** Keeps an average of the network. */
  readonly ema?: EmaOptions | undefined;
  /** Whether the encoder's batch normalisation is frozen, as in the second phase (section 4.2 of the paper). */
  readonly frozenEncoderNorms: boolean;
  /** Whether the network is given the sketch. */
  readonly sketch: boolean;
}

/** One phase of the training, with an optimiser of its own. */
export function partialConvStage(
  network: LayersModel,
  losses: PartialConvLosses,
  { adam, ema, frozenEncoderNorms, sketch }: PartialConvOptions,
): LearningStage {
  freezeEncoderNorms(network, frozenEncoderNorms);
  const learner = makeLearner(network, adam, ema);
  return {
    learners: [learner],
    step: (batch, inputs, accept) =>
      tf.tidy(() => {
        const given = networkInputs(batch, sketch);
        const computeLosses = () => {
          const [output] = network.apply(given, { training: true }) as [Tensor4D];
          return inpaintingLosses({ output, truth: batch.image, hole: batch.hole }, losses);
        };
        return singleStep(learner, computeLosses, inputs, accept);
      }),
  };
}

/**
 * The weighted losses of an output.
 *
 * @param output the network's [n,h,w,3]. @param truth the photo. @param hole [n,h,w,1], 1 = hole.
 */
export function inpaintingLosses(
  { output, truth, hole }: { output: Tensor4D; truth: Tensor4D; hole: Tensor4D },
  { variant, weights, features }: PartialConvLosses,
): Scalars {
  const valid = tf.sub(1, hole) as Tensor4D;
  const composite = tf.add(tf.mul(truth, valid), tf.mul(output, hole)) as Tensor4D;
  const difference = (region: Tensor) =>
    variant === 'mmagic'
      ? regionMean(tf.abs(tf.sub<Tensor4D>(output, truth)), region)
      : meanAbsolute(tf.mul(output, region), tf.mul(truth, region));
  const variation = {
    paper: () => totalVariation(composite, dilateHole(hole), 'both'),
    mmagic: () => totalVariation(composite, hole, 'first'),
    naoto: () => totalVariation(composite, hole, 'all'),
  };
  const [ofOutput, ofComposite] = features([output, composite], truth);
  const weighted = (loss: Tensor, weight: number) => tf.mul(loss, weight) as TensorFlow.Scalar;
  return {
    hole: weighted(difference(hole), weights.hole),
    valid: weighted(difference(valid), weights.valid),
    perceptualOutput: weighted(ofOutput.perceptual, weights.perceptual),
    perceptualComposite: weighted(ofComposite.perceptual, weights.perceptual),
    styleOutput: weighted(ofOutput.style, weights.style),
    styleComposite: weighted(ofComposite.style, weights.style),
    totalVariation: weighted(variation[variant](), weights.totalVariation),
  };
}
