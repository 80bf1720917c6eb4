import type { Accept, StepScalars, Trainable } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { tf } from '../../src/ops/tf.ts';

/** One step on a batch, without the guard of training. The caller disposes of the scalars. */
export function stepOn(trainable: Trainable, batch: Batch, accept?: Accept): StepScalars {
  const { tensors } = trainable.inputs(batch);
  const scalars = trainable.step(tensors, accept);
  tf.dispose(tensors);
  return scalars;
}
