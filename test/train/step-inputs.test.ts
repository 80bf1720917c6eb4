/**
 * A step is a function of its inputs: another draw changes their values, and nothing else of what TensorFlow is asked to
 * do. So it can be recorded once and run again with other inputs.
 */
import { describe, expect, it } from 'vitest';
import type { Method, StagePlan, StepInputs } from '../../src/core/method.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyBatch } from '../models/dps/tiny.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { stepOperations } from './step-operations.ts';

describe.each(Object.keys(tinyMethods))('a step of %s', (name) => {
  it('asks the same of TensorFlow whatever was drawn', async () => {
    const method = tinyMethods[name]();
    await method.prepareTraining(silent);
    for (const stage of method.stages) check(method, stage);
    method.dispose();
  });
});

/** Compares two steps of a stage that were drawn as differently as its draws can be. */
function check(method: Method, stage: StagePlan): void {
  const trainable = method.begin(stage);
  const batch = tinyBatch(2, 64);
  const step = (suits: (inputs: StepInputs) => boolean) => {
    for (;;) {
      const inputs = trainable.inputs(batch);
      const operations = suits(inputs) ? stepOperations(trainable, inputs.tensors) : undefined;
      tf.dispose(inputs.tensors);
      if (operations) return { operations, names: Object.keys(inputs.tensors) };
    }
  };
  const wipes = ({ tensors: { wiped } }: StepInputs) => tf.tidy(() => tf.sum(wiped).dataSync()[0] > 0);
  const drawsL = / any l$/.test(stage.name);
  // What layers keep from call to call is made by the first.
  step(() => true);
  // Where sketches are degraded: dilated by an odd diameter and nothing wiped, then neither, as far as l is drawn.
  const first = step((inputs) => inputs.l === undefined || (inputs.l === 1 && !wipes(inputs)));
  const second = step((inputs) => inputs.l === undefined || ((inputs.l === 1) !== drawsL && wipes(inputs)));
  expect(first.operations.length).toBeGreaterThan(100);
  expect(second.operations.find((operation, i) => operation !== first.operations[i])).toBeUndefined();
  expect(second.operations).toHaveLength(first.operations.length);
  const isUsed = (name: string) => first.operations.some((used) => used.includes(`] input ${name}`));
  // Not all methods look at the sketch, nor at the hole in synthesis.
  const unused = first.names.filter((name) => !isUsed(name) && !['sketch', 'hole'].includes(name));
  expect(unused).toEqual([]);
  tf.dispose({ ...batch });
}
