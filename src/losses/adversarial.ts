/** What a generator and its discriminator minimise, on scores of any shape: the more real, the higher. */
import { relu } from '../ops/activations.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';

type Loss = (scores: Tensor) => TensorFlow.Scalar;

/** What both networks minimise, of the discriminator’s scores: real numbers of any shape, higher being more real. */
export interface GanLoss {
  /** The discriminator's loss by its scores of real images. */
  readonly real: Loss;
  /** The discriminator's loss by its scores of generated images. */
  readonly fake: Loss;
  /** The generator's loss by the scores of its images. */
  readonly generator: Loss;
}

const mean = (x: Tensor): TensorFlow.Scalar => tf.mean(x);

/**
 * The hinge loss: mean max(0, margin - D(real)), mean max(0, margin + D(fake)); generator - mean D(fake).
 * (DeepPS models.py:651-668; the paper's equation for L_D, margin 10.)
 */
export const hingeLoss = (margin: number): GanLoss => ({
  real: (scores) => mean(relu(tf.sub(margin, scores))),
  fake: (scores) => mean(relu(tf.add(margin, scores))),
  generator: (scores) => tf.neg(mean(scores)),
});

/** Cross entropy of scores that are log-odds of being real (Goodfellow et al. 2014, the generator not saturating). */
export const vanillaLoss: GanLoss = {
  real: (scores) => mean(tf.softplus(tf.neg(scores))),
  fake: (scores) => mean(tf.softplus(scores)),
  generator: (scores) => mean(tf.softplus(tf.neg(scores))),
};

/** Squared distances to 1 for real and 0 for generated images (LSGAN, Mao et al. 2017). */
export const leastSquaresLoss: GanLoss = {
  real: (scores) => mean(tf.squaredDifference(scores, 1)),
  fake: (scores) => mean(tf.square(scores)),
  generator: (scores) => mean(tf.squaredDifference(scores, 1)),
};

/** The scores themselves, unbounded: 1 - mean D(real), 1 + mean D(fake); generator - mean D(fake). (SC-FEGAN.) */
export const linearLoss: GanLoss = {
  real: (scores) => tf.sub(1, mean(scores)),
  fake: (scores) => tf.add(1, mean(scores)),
  generator: (scores) => tf.neg(mean(scores)),
};

/** The discriminator's loss by its scores of both kinds of images, times `weight`. */
export function discriminatorLoss(
  gan: GanLoss,
  { ofReal, ofFake }: { readonly ofReal: Tensor; readonly ofFake: Tensor },
  weight: number,
): TensorFlow.Scalar {
  return tf.mul(tf.add(gan.real(ofReal), gan.fake(ofFake)), weight);
}

/**
 * How far the slope of a discriminator is from 1 (Gulrajani et al. 2017): mean over the images of (length of the
 * gradient of all scores by the image inside `region`, minus 1) squared. It is differentiable by what `score` depends
 * on, where that consists of operations whose gradients are.
 *
 * @param x images [n,h,w,c] between real and generated ones. @param region [n or 1,h,w,1], 1 where slopes count.
 */
export function gradientPenalty(
  score: (x: Tensor4D) => Tensor,
  x: Tensor4D,
  region: Tensor4D,
): TensorFlow.Scalar {
  const slopes = tf.grad((image) => tf.sum(score(image as Tensor4D)))(x);
  const squares = tf.sum(tf.mul(tf.square(slopes), region), [1, 2, 3]);
  // A root has no slope at 0, which is where an image without any region stands.
  const lengths = tf.sqrt(tf.add(squares, 1e-12));
  return tf.mean(tf.squaredDifference(lengths, 1));
}
