/** What tests of training steps share: batches, steps on them, and the state that these lead to. */
import type { Trainable } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import type { Outcome, Stepper } from '../../src/train/stepper.ts';
import { tinyBatch } from '../models/dps/tiny.ts';

/** Batches that differ, of an edge length of 64. */
export function batches(count: number, size = 2): Batch[] {
  return Array.from({ length: count }, (_, i) =>
    tf.tidy((): Batch & Record<string, Tensor4D> => {
      const { image, sketch, hole } = tinyBatch(size, 64);
      const random = stream(1, 'batch', String(i));
      const noise = tf.tensor4d(
        Float32Array.from({ length: image.size }, () => random.uniform(-0.3, 0.3)),
        image.shape,
      );
      const changed = { image: tf.clipByValue(tf.add<Tensor4D>(image, noise), -1, 1), sketch, hole };
      return i % 2 ? changed : { ...changed, sketch: tf.reverse(sketch, 2) };
    }),
  );
}

/** Runs steps on batches. @param late whether their numbers are read as late as may be. */
export function runAll(steps: Stepper, all: readonly Batch[], late = true): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const batch of all) {
    steps.run({ batch, sampleIds: [] });
    if (!late || steps.full) outcomes.push(...steps.settle());
  }
  outcomes.push(...steps.settle());
  steps.bringBack();
  return outcomes;
}

/** A stage's whole state, as numbers: not from within a tidy, which would look at each of them for a tensor. */
export function valuesOf(trainable: Trainable): Record<string, Float32Array> {
  const state = trainable.state() as Record<string, Tensor>;
  const values = Object.entries(state).map(
    ([name, tensor]) => [name, Float32Array.from(tensor.dataSync())] as const,
  );
  tf.dispose(state);
  return Object.fromEntries(values);
}
