/** What the network of partial convolutions minimises (Liu et al. 2018, section 3.3). */

import type { Scalars } from '../../core/method.ts';
import type { CompareFeatures } from '../../losses/features.ts';
import { meanAbsolute, regionMean } from '../../losses/reconstruction.ts';
import { dilateHole, totalVariation } from '../../losses/total-variation.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../ops/tf.ts';

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

export const LOSS_NAMES = [
  'hole',
  'valid',
  'perceptualOutput',
  'perceptualComposite',
  'styleOutput',
  'styleComposite',
  'totalVariation',
] as const;

/**
 * The weighted losses of an output, by {@link LOSS_NAMES}.
 *
 * @param output the network's [n,h,w,3]. @param truth the photo. @param hole [n,h,w,1], 1 = hole.
 */
export function inpaintingLosses(
  { output, truth, hole }: { output: Tensor4D; truth: Tensor4D; hole: Tensor4D },
  options: { variant: LossVariant; weights: LossWeights; features: CompareFeatures },
): Scalars {
  const { variant, weights, features } = options;
  const valid = tf.sub(1, hole) as Tensor4D;
  const composite = tf.add(tf.mul(truth, valid), tf.mul(output, hole)) as Tensor4D;
  const difference = (region: Tensor) =>
    variant === 'mmagic'
      ? regionMean(tf.abs(tf.sub(output, truth)), region)
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
