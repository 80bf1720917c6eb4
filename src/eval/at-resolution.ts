import { downsample, downsampleHole } from '../data/sketch/resize.ts';
import { type Tensor4D, tf } from '../ops/tf.ts';
import type { ItemBatch } from './suite/read-items.ts';

export interface AtResolution {
  readonly truth: Tensor4D;
  readonly hole: Tensor4D;
  readonly sketch: Tensor4D;
  readonly trueSketch: Tensor4D;
}

/** A batch's photos, holes and sketches at the size of the predicted images, where that is smaller; tensors of their own. */
export function atResolution(batch: ItemBatch, resolution: number): AtResolution {
  const { image, hole, sketch, trueSketch } = batch;
  const factor = image.shape[1] / resolution;
  if (factor === 1)
    return {
      truth: image.clone(),
      hole: hole.clone(),
      sketch: sketch.clone(),
      trueSketch: trueSketch.clone(),
    };
  // A small pixel is line where any of its large ones is: thin lines stay whole.
  const shrink = (lines: Tensor4D): Tensor4D => tf.neg(tf.maxPool(tf.neg(lines), factor, factor, 'valid'));
  return tf.tidy(() => ({
    truth: downsample(image, factor),
    hole: downsampleHole(hole, factor),
    sketch: shrink(sketch),
    trueSketch: shrink(trueSketch),
  }));
}

/** [-1, 1] to [0, 1]. */
export const unit = (image: Tensor4D): Tensor4D => tf.tidy(() => tf.div(tf.add(image, 1), 2));

/** The image inside the hole, the photo outside it [n,h,w,3]. */
export function blend(image: Tensor4D, truth: Tensor4D, hole: Tensor4D): Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(image, hole), tf.mul(truth, tf.sub(1, hole))));
}
