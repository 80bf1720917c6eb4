/** A training step that happens wholly or not at all. */

import type { Scalars, StepScalars, Trainable } from '../core/method.ts';
import type { Batch } from '../data/types.ts';
import { tf } from '../ops/tf.ts';

/** What one step measured, see {@link StepScalars}. */
export interface StepValues {
  readonly losses: Readonly<Record<string, number>>;
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly l?: number | undefined;
}

/**
 * Runs a step. If a loss or the length of a gradient is not finite, or the step throws before that is known, weights,
 * optimisers, statistics and random streams are as before it. The state before is held by reference until then:
 * TensorFlow copies what it changes meanwhile, which is the discriminator's.
 */
export function guardedStep(trainable: Trainable, batch: Batch): { values: StepValues; kept: boolean } {
  const before = trainable.state();
  const random = trainable.randomState();
  let measured: StepValues | undefined;
  let kept = false;
  try {
    const scalars = trainable.step(batch, (found) => {
      measured = read(found);
      kept = notFinite(measured).length === 0;
      if (kept) tf.dispose(before);
      return kept;
    });
    tf.dispose(scalars);
    if (!measured) throw new Error('The step did not ask whether it is accepted.');
    return { values: { ...measured, l: scalars.l }, kept };
  } finally {
    if (!kept) {
      trainable.restore(before);
      trainable.restoreRandom(random);
      tf.dispose(before);
    }
  }
}

/** The names of the values that are NaN or infinite, for example `discriminator loss`. */
export function notFinite({ losses, gradientNorms }: StepValues): string[] {
  const named = [
    ...Object.entries(losses).map(([name, value]) => [`${name} loss`, value] as const),
    ...Object.entries(gradientNorms).map(([name, value]) => [`${name} gradient`, value] as const),
  ];
  return named.filter(([, value]) => !Number.isFinite(value)).map(([name]) => name);
}

/** All scalars in one transfer, for each transfer waits for the device. */
function read({ losses, gradientNorms }: Pick<StepScalars, 'losses' | 'gradientNorms'>): StepValues {
  const stacked = tf.stack([...Object.values(losses), ...Object.values(gradientNorms)]);
  const values = [...stacked.dataSync()];
  stacked.dispose();
  const take = (group: Scalars) =>
    Object.fromEntries(Object.keys(group).map((name) => [name, values.shift()!]));
  return { losses: take(losses), gradientNorms: take(gradientNorms) };
}
