/**
 * What the networks of Deep Plastic Surgery are given. A sketch enters as three equal channels, and the hole mask in
 * the original's coding, +1 = hole and -1 = known; both are confined to this file.
 */
import { type Tensor4D, tf } from '../../ops/tf.ts';

export type Task = 'edit' | 'synthesis';

/** NHWC at one resolution: sketch [n,s,s,1] and image [n,s,s,3] in [-1, 1], hole [n,s,s,1], 1 = hole. */
export interface Picture {
  readonly sketch: Tensor4D;
  readonly image: Tensor4D;
  readonly hole: Tensor4D;
}

/** Channels of the input of G and F. */
export const generatorChannels = (task: Task): number => (task === 'edit' ? 7 : 3);
/** Channels of D's input. */
export const discriminatorChannels = (task: Task): number => (task === 'edit' ? 7 : 6);

/** In editing a sketch counts inside the hole only; elsewhere it is 0, neither line nor paper (models.py:556). */
export function maskSketch(task: Task, sketch: Tensor4D, hole: Tensor4D): Tensor4D {
  return task === 'edit' ? tf.mul(sketch, hole) : sketch;
}

/** Input of G and F: sketch inside the hole, photo outside, mask [n,s,s,7]; in synthesis the sketch alone [n,s,s,3]. */
export function generatorInput(task: Task, { sketch, image, hole }: Picture): Tensor4D {
  const masked = maskSketch(task, sketch, hole);
  if (task === 'synthesis') return tripled(masked);
  return tf.concat([tripled(masked), tf.mul(image, tf.sub(1, hole)), signed(hole)], 3) as Tensor4D;
}

/** Input of D: masked sketch, whole image and mask [n,s,s,7]; in synthesis sketch and image [n,s,s,6]. */
export function discriminatorInput(task: Task, { sketch, image, hole }: Picture): Tensor4D {
  const parts = [tripled(maskSketch(task, sketch, hole)), image];
  if (task === 'edit') parts.push(signed(hole));
  return tf.concat(parts, 3) as Tensor4D;
}

const tripled = (sketch: Tensor4D): Tensor4D => tf.tile(sketch, [1, 1, 1, 3]);
const signed = (hole: Tensor4D): Tensor4D => tf.sub(tf.mul(hole, 2), 1);
