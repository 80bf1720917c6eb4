import { expect, it } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import {
  activationElements,
  checkBatches,
  describePlan,
  makePlan,
  stageSteps,
} from '../../src/train/plan.ts';
import { FakeMethod } from './fake-method.ts';

const { config, locate } = readConfig('configs/smoke.yaml', ['training.levels.1.batch=9']);

it('epochs become steps; an incomplete batch is left out', () => {
  const [stage] = new FakeMethod([5]).stages;
  expect(stageSteps(stage, 100)).toBe(5);
  expect(stageSteps({ ...stage, batch: 4, duration: { epochs: 3 } }, 11)).toBe(6);
});

it('a batch larger than the data is an error that names its key', () => {
  expect(() => checkBatches(config, 9, locate)).not.toThrow();
  expect(() => checkBatches(config, 8, locate)).toThrow(UserError);
  expect(() => checkBatches(config, 8, locate)).toThrow(
    /--set training\.levels\.1\.batch[\s\S]*at most 8[\s\S]*9/,
  );
});

it('counts parameters and steps, and estimates memory', () => {
  const plan = makePlan(new FakeMethod([5, 7]), 40);
  expect(plan.parameters).toEqual({ A: 6 });
  expect(plan.steps).toBe(12);
  // A 1x1 convolution from 1 to 3 channels: its input and its output, for 2 samples, three times over.
  expect(plan.stages[0].memory).toBe(4 * (4 * 6 + 3 * 2 * 64 * 64 * 4));
  const text = describePlan(plan, true).join('\n');
  expect(text).toMatch(/about 40[\s\S]*1 +stage 1 +5[\s\S]*2 +stage 2 +7[\s\S]*about 12[\s\S]*A 0\.0 k/);
});

it('counts what a network of any size makes at its side', () => {
  const x = tf.input({ shape: [null, null, 2] });
  const h = tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as ReturnType<typeof tf.input>;
  const outputs = tf.layers.add().apply([h, tf.input({ shape: [null, null, 2] })]) as typeof x;
  const inputs = [x];
  const network = tf.model({ name: 'G16', inputs, outputs: h });
  expect(activationElements(network, 16)).toBe(16 * 16 * 2 + 8 * 8 * 2);
  expect(outputs.shape).toEqual([null, null, null, 2]);
});
