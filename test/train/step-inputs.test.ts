/**
 * A step is a function of its inputs: another draw changes their values, and nothing else of what TensorFlow is asked to
 * do. So it can be recorded once and run again with other inputs.
 */
import { describe, expect, it } from 'vitest';
import type { Method, StagePlan, StepInputs } from '../../src/core/method.ts';
import { configSchemas, createMethod } from '../../src/models/registry.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { tinyBatch, tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { tinyScFegan } from '../models/scfegan/tiny.ts';
import { stepOperations } from './step-operations.ts';

const create = (method: string, model: object) =>
  createMethod(
    configSchemas().zod.parse({ method, resolution: 64, data: { source: { kind: 'faces' } }, model }),
  );
const pix2pix = (variant: string) =>
  create('pix2pix', { variant, width: 4, depth: 6, discriminatorWidth: 4 });

const methods: Record<string, () => Method> = {
  'Deep Plastic Surgery': () => tinyMethod(tinyConfig()),
  'Deep Plastic Surgery, synthesis': () => tinyMethod(tinyConfig({ task: 'synthesis', levels: 1 })),
  pix2pix: () => pix2pix('pytorch'),
  'pix2pix of Lua': () => pix2pix('lua'),
  'partial convolutions': () => create('pconv', { width: 4, depth: 5, sketch: true }),
  DeepFillv2: () => create('deepfillv2', { width: 8, discriminatorWidth: 4 }),
  'SC-FEGAN': tinyScFegan,
};

describe.each(Object.keys(methods))('a step of %s', (name) => {
  it('asks the same of TensorFlow whatever was drawn', async () => {
    const method = methods[name]();
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
