/** The images that metrics compare: results and photos of one size, in [0, 1]. */
import { downsample, downsampleHole } from '../data/sketch.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { ItemBatch } from './suite/set.ts';

/** What results of side s are compared with. NHWC; photos [n,s,s,3] and sketches [n,s,s,1] in [-1, 1], holes [n,s,s,1]. */
export interface References {
  readonly truth: Tensor4D;
  readonly hole: Tensor4D;
  readonly sketch: Tensor4D;
  readonly trueSketch: Tensor4D;
}

/** A batch's photos, holes and sketches, shrunk to the side of the results. The caller disposes of the tensors. */
export function atResolution(batch: ItemBatch, resolution: number): References {
  const { image, hole, sketch, trueSketch } = batch;
  const factor = image.shape[1] / resolution;
  if (factor === 1)
    return {
      truth: image.clone(),
      hole: hole.clone(),
      sketch: sketch.clone(),
      trueSketch: trueSketch.clone(),
    };
  // A pixel of the small sketch is part of a line if any pixel of the large one is: so thin lines do not break.
  const shrink = (lines: Tensor4D): Tensor4D => tf.neg(tf.maxPool(tf.neg(lines), factor, factor, 'valid'));
  return tf.tidy(() => ({
    truth: downsample(image, factor),
    hole: downsampleHole(hole, factor),
    sketch: shrink(sketch),
    trueSketch: shrink(trueSketch),
  }));
}

/** Scales [-1, 1] to [0, 1]. */
export const toUnitRange = (image: Tensor4D): Tensor4D => tf.tidy(() => tf.div(tf.add(image, 1), 2));

/** The image inside the hole, the photo outside it [n,h,w,3]. */
export function blend(image: Tensor4D, { truth, hole }: Pick<References, 'truth' | 'hole'>): Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(image, hole), tf.mul(truth, tf.sub(1, hole))));
}

/**
 * A predicted image as it is measured, in [0, 1]: clipped to what an image file can hold and, if `blended`, with the
 * photo's own pixels outside the hole.
 */
export function clipAndBlend(image: Tensor4D, references: References, blended = true): Tensor4D {
  return tf.tidy(() => {
    const clipped: Tensor4D = tf.clipByValue(image, -1, 1);
    return toUnitRange(blended ? blend(clipped, references) : clipped);
  });
}

/** As {@link clipAndBlend}; undefined if the image holds NaN or infinite values. */
export async function clipAndBlendFinite(
  image: Tensor4D,
  references: References,
  blended = true,
): Promise<Tensor4D | undefined> {
  const finite = tf.tidy(() => tf.all(tf.isFinite(image)));
  const [allFinite] = await finite.data();
  finite.dispose();
  return allFinite ? clipAndBlend(image, references, blended) : undefined;
}

/** Images [n,h,w,3] of one colour each: the mean of a photo's known pixels, or of all its pixels if none is known. */
export function meanColour(photos: Tensor4D, hole: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const known = tf.sub(1, hole);
    const count = tf.sum(known, [1, 2], true);
    const weight = tf.where(tf.greater(count, 0), known, tf.onesLike(hole));
    const sum = tf.sum(tf.mul(photos, weight), [1, 2], true);
    return tf.mul(tf.div(sum, tf.sum(weight, [1, 2], true)), tf.onesLike(photos)) as Tensor4D;
  });
}
