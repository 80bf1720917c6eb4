/** What the networks of pix2pix are given: the condition A, and the photo B beside it for the discriminator. */
import type { Batch } from '../../data/types.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';

/** From the sketch alone, or from the sketch and the photo around the hole. */
export type Task = 'edit' | 'synthesis';

/** Channels of {@link condition}. */
export const conditionChannels = (task: Task): number => (task === 'edit' ? 5 : 1);

/**
 * The generator's input A. In editing the photo outside the hole, the sketch inside it (0 elsewhere) and the hole
 * [n,s,s,5]; in synthesis the sketch [n,s,s,1].
 */
export function condition(task: Task, { image, sketch, hole }: Batch): Tensor4D {
  if (task === 'synthesis') return sketch;
  return tf.concat([tf.mul(image, tf.sub(1, hole)), tf.mul(sketch, hole), hole], 3) as Tensor4D;
}
