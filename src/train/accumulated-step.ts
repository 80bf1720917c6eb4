/** Carries out a step on several batches, whose gradients are summed; what that is says core/accumulate.ts. */
import { accumulationInputs } from '../core/accumulate.ts';
import type { NamedTensors, Part, StepInputs, StepParts, StepScalars, Trainable } from '../core/method.ts';
import type { Batch } from '../data/types.ts';
import { averageOverWorkers } from '../ops/collectives.ts';
import { type Tensor, type Tensor4D, tf } from '../ops/tf.ts';
import { notFinite, type StepValues } from './faults.ts';

/** What a step calls, each a function of its inputs that compiles by itself. */
export type PartCall = `${'sum' | 'apply'} ${Part}`;

/**
 * The calls of a step, in an order in which they can be compiled: optimisers first, which bring places for the weights on
 * the device.
 */
export function partCalls(parts: StepParts): [PartCall, (inputs: NamedTensors) => StepScalars][] {
  const applies = parts.order.map(
    (part) => [`apply ${part}`, (inputs: NamedTensors) => parts.apply(part, inputs)] as const,
  );
  const sums = parts.order.map(
    (part) => [`sum ${part}`, (inputs: NamedTensors) => parts.sum(part, inputs)] as const,
  );
  return [...applies, ...sums] as [PartCall, (inputs: NamedTensors) => StepScalars][];
}

/** Splits a batch into k of one size. The caller disposes of them. */
export function splitBatch({ image, sketch, hole }: Batch, k: number): Batch[] {
  const [images, sketches, holes] = [image, sketch, hole].map((x) => tf.split(x, k, 0) as Tensor4D[]);
  return images.map((one, i) => ({ image: one, sketch: sketches[i], hole: holes[i] }));
}

export interface AccumulatedStepOptions {
  readonly learningRate: number | undefined;
  /** @returns a call's losses [n], to be disposed of; and their names. */
  readonly call: (name: PartCall, inputs: NamedTensors) => { values: Tensor; names: readonly string[] };
  /** Gives the networks' variables the values that calls have given them on the device. */
  readonly bringBack: () => void;
}

/**
 * One step. If a loss or the length of a gradient is not finite, all is as before it. The state before is held by reference
 * until that is known, so that memory holds what the discriminator was before it learnt, and nothing else twice.
 */
export function accumulatedStep(
  trainable: Trainable,
  parts: StepParts,
  batches: readonly Batch[],
  { learningRate, call, bringBack }: AccumulatedStepOptions,
): { values: StepValues; kept: boolean } {
  bringBack();
  const before = trainable.state();
  const position = trainable.position();
  const inputs: StepInputs[] = [];
  const [losses, gradientNorms]: Record<string, number>[] = [{}, {}];
  let kept = false;
  try {
    for (const [i, batch] of batches.entries()) {
      // The optimisers' steps are counted once.
      trainable.moveTo({ ...trainable.position(), counts: position.counts });
      const { tensors, l } = trainable.inputs(batch, learningRate);
      inputs.push({ tensors: { ...tensors, ...accumulationInputs(i, batches.length) }, l });
    }
    const values = { losses, gradientNorms, l: inputs[0].l };
    parts.clear();
    for (const [index, part] of parts.order.entries()) {
      const measured = inputs.map(({ tensors }) => call(`sum ${part}`, tensors));
      parts.average(part);
      const numbers = tf.tidy(() => {
        const [mean] = averageOverWorkers([tf.mean(tf.stack(measured.map((one) => one.values)), 0)]);
        return tf.concat([mean, tf.reshape(parts.norm(part), [1])]).dataSync();
      });
      for (const [i, name] of measured[0].names.entries()) losses[name] = numbers[i];
      gradientNorms[part] = numbers[numbers.length - 1];
      tf.dispose(measured.map((one) => one.values));
      if (notFinite(values).length > 0) return { values, kept };
      if (index === parts.order.length - 1) {
        tf.dispose(before);
        kept = true;
      }
      call(`apply ${part}`, inputs[0].tensors).values.dispose();
    }
    return { values, kept };
  } finally {
    for (const { tensors } of inputs) tf.dispose(tensors);
    if (!kept) {
      bringBack();
      trainable.restore(before);
      trainable.moveTo(position);
      tf.dispose(before);
    }
  }
}
