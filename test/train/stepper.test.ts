/** Compiled training: the same as call by call, up to rounding, in one call a step. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CompiledStep } from '../../src/core/compiled-step.ts';
import type { Method, NamedTensors, Trainable } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { nativeBackend } from '../../src/ops/raw.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { type Compile, type Outcome, Stepper } from '../../src/train/stepper.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';
import { FakeMethod } from './fake-method.ts';

// XLA and the recording of large networks take their time on a busy machine.
vi.setConfig({ testTimeout: 900_000 });

const stepper = (trainable: Trainable, compile: Compile, reporter: Reporter = silent) =>
  new Stepper(trainable, { stage: 'a stage', compile, reporter });

const begin = async (name: string, index: number): Promise<{ method: Method; trainable: Trainable }> => {
  const method = tinyMethods[name]();
  await method.prepareTraining(silent);
  return { method, trainable: method.begin(method.stages[index]) };
};

const stages = Object.entries(tinyMethods).flatMap(([name, create]) => {
  const method = create();
  // The last stage has all of a method in it.
  const last = method.stages.length - 1;
  const all = method.stages.map((stage, index) => [name, stage.name, index === last ? 8 : 4, index] as const);
  method.dispose();
  return all;
});

/** Adam moves a weight whose gradient is as good as 0 by up to this much in either direction. */
const LEARNING_RATE = 2e-4;

describe.each(stages)('%s, %s, in each of %i different steps', (name, _, count, index) => {
  it('does what is done call by call, up to rounding, in one call that reads nothing', async () => {
    const all = batches(count);
    const [compiled, plain] = [await begin(name, index), await begin(name, index)];
    const [one, other] = [stepper(compiled.trainable, true), stepper(plain.trainable, false)];
    runAll(one, all.slice(0, 1));
    for (const batch of all) {
      // A training amplifies what rounding changes, so that each step begins from one state.
      const state = plain.trainable.state();
      compiled.trainable.restore(state);
      compiled.trainable.moveTo(plain.trainable.position());
      tf.dispose(state);
      const before = valuesOf(plain.trainable);
      const [wanted] = runAll(other, [batch]);
      const [found] = runAll(one, [batch]);
      expect(found.values.l).toBe(wanted.values.l);
      expect(found.kept).toBe(true);
      const losses = (outcome: Outcome) =>
        Object.entries({ ...outcome.values.losses, ...outcome.values.gradientNorms });
      for (const [i, [loss, value]] of losses(wanted).entries())
        expect(Math.abs(losses(found)[i][1] - value), loss).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      const [a, b] = [valuesOf(compiled.trainable), valuesOf(plain.trainable)];
      expect(Object.keys(a)).toEqual(Object.keys(b));
      let [moved, off, numbers] = [0, 0, 0];
      for (const [key, values] of Object.entries(b)) {
        // Biases before a normalisation have gradients of nothing but rounding.
        const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        let worst = 0;
        for (const [i, value] of values.entries()) {
          const error = Math.abs(a[key][i] - value);
          if (!(error <= worst)) worst = error;
          if (error > 1e-5 + 1e-4 * scale) off += 1;
          if (value !== before[key][i]) moved += 1;
        }
        numbers += values.length;
        expect(worst, key).toBeLessThan(2.1 * LEARNING_RATE + 1e-3 * scale);
      }
      expect(moved / numbers).toBeGreaterThan(0.5);
      expect(off / numbers).toBeLessThan(0.002);
    }
    const { callCounts } = nativeBackend().binding;
    const { tensors } = compiled.trainable.inputs(all[0]);
    tf.dispose(tensors);
    const drawn = callCounts();
    tf.dispose(compiled.trainable.inputs(all[0]).tensors);
    const drawing = callCounts().executions - drawn.executions;
    const begun = callCounts();
    for (const batch of all.slice(0, 3)) one.run({ batch, sampleIds: [] });
    const done = callCounts();
    expect(done.executions - begun.executions).toBe(3 * (1 + drawing));
    expect(done.reads).toBe(begun.reads);
    expect([...one.settle()]).toHaveLength(3);
    one.dispose();
    other.dispose();
    tf.dispose(all.map((batch) => ({ ...batch })));
    compiled.method.dispose();
    plain.method.dispose();
  });
});

const F = 'Deep Plastic Surgery';

describe('steps whose numbers are read late', () => {
  const run = async (late: boolean, compile: Compile, bad?: number) => {
    const { method, trainable } = await begin(F, 2);
    const steps = stepper(trainable, compile);
    const all = batches(11);
    if (bad !== undefined) {
      all[bad].image.dispose();
      all[bad] = { ...all[bad], image: tf.fill([2, 64, 64, 3], Number.NaN) };
    }
    const outcomes = runAll(steps, all, late);
    const values = valuesOf(trainable);
    const position = trainable.position();
    steps.dispose();
    tf.dispose(all.map((batch) => ({ ...batch })));
    method.dispose();
    return { values, position, kept: outcomes.map(({ kept }) => kept), l: outcomes.map((o) => o.values.l) };
  };

  it('are the same steps', async () => {
    expect(await run(true, true)).toEqual(await run(false, true));
  });

  it('change nothing after one that is not finite, and are done again', async () => {
    const late = await run(true, true, 4);
    expect(late.kept).toEqual(Array.from({ length: 11 }, (_, i) => i !== 4));
    expect(late).toEqual(await run(false, true, 4));
    const { kept, l, position } = await run(false, false, 4);
    expect({ kept, l, position }).toEqual({ kept: late.kept, l: late.l, position: late.position });
  });
});

it('numbers are kept once: variables have none between steps, and have them again once they are brought back', async () => {
  const { method, trainable } = await begin(F, 0);
  const steps = stepper(trainable, true);
  const all = batches(3);
  runAll(steps, all.slice(0, 2));
  const before = valuesOf(trainable);
  steps.run({ batch: all[2], sampleIds: [] });
  const { id } = nativeBackend().tensorMap.get(Object.values(trainable.weights)[0].dataId);
  expect(id).toBe(-1);
  expect([...steps.settle()]).toHaveLength(1);
  steps.bringBack();
  expect(valuesOf(trainable)).not.toEqual(before);
  steps.dispose();
  tf.dispose(all.map((batch) => ({ ...batch })));
  method.dispose();
});

it('a batch of another size is recorded anew, with a line that says so', async () => {
  const { method, trainable } = await begin(F, 0);
  const lines: string[] = [];
  const steps = stepper(trainable, true, { ...silent, info: (line) => lines.push(line) });
  const all = [...batches(2), ...batches(1, 1), ...batches(1)];
  const tensors: number[] = [];
  for (const batch of all) {
    expect(runAll(steps, [batch])[0].kept).toBe(true);
    tensors.push(tf.memory().numTensors);
  }
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/a stage: a step on 1 samples is compiled \(\d+ operations, \d{1,2}\.\d s\)/);
  expect(tensors[1]).toBe(tensors[0]);
  steps.dispose();
  tf.dispose(all.map((batch) => ({ ...batch })));
  method.dispose();
});

it.each<[string, RegExp, (trainable: Trainable, batch: Batch, inputs: NamedTensors) => void]>([
  [
    'reads what it computes',
    /a stage: steps run operation by operation.*reads values/,
    (_, __, { image }) => tf.tidy(() => tf.mean(image).dataSync()),
  ],
  [
    'draws numbers of its own',
    /a stage: steps run operation by operation.*draws random numbers/,
    (trainable, batch) => tf.dispose(trainable.inputs(batch).tensors),
  ],
])('a step that %s runs call by call, with a warning', (_, reason, doMore) => {
  const method = new FakeMethod([1]);
  const trainable = method.begin(method.stages[0]);
  const warnings: string[] = [];
  const all = batches(3);
  const unfit: Trainable = {
    ...trainable,
    step(inputs, accept) {
      doMore(trainable, all[0], inputs);
      return trainable.step(inputs, accept);
    },
  };
  const steps = stepper(unfit, true, { ...silent, warn: (line) => warnings.push(line) });
  expect(runAll(steps, all).map(({ kept }) => kept)).toEqual([true, true, true]);
  expect(warnings).toEqual([expect.stringMatching(reason)]);
  steps.dispose();
  tf.dispose(all.map((batch) => ({ ...batch })));
  method.dispose();
});

it('memory that runs out while a step is compiled is no reason to try it call by call', () => {
  const method = new FakeMethod([1]);
  const hungry: Trainable = {
    ...method.begin(method.stages[0]),
    step() {
      throw new Error('OOM when allocating tensor');
    },
  };
  const warnings: string[] = [];
  const steps = stepper(hungry, true, { ...silent, warn: (line) => warnings.push(line) });
  const [batch] = batches(1);
  expect(() => steps.run({ batch, sampleIds: [] })).toThrow('OOM');
  expect(warnings).toEqual([]);
  steps.dispose();
  tf.dispose({ ...batch });
  method.dispose();
});

it.each([
  [true, 'a kernel failed'],
  ['xla', 'OOM when allocating tensor'],
] as const)('compiled by %s, an error that is not XLA’s is told as it is: %s', (compile, message) => {
  const method = new FakeMethod([1]);
  const steps = stepper(method.begin(method.stages[0]), compile);
  vi.spyOn(CompiledStep.prototype, 'run').mockImplementation(() => {
    throw new Error(message);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const [batch] = batches(1);
  expect(() => steps.run({ batch, sampleIds: [] })).toThrow(new Error(message));
  steps.dispose();
  tf.dispose({ ...batch });
  method.dispose();
});

it.each([true, false])('frees the batches of steps that nobody was told of, compile: %s', (compile) => {
  const method = new FakeMethod([1]);
  const trainable = method.begin(method.stages[0]);
  const before = tf.memory().numTensors;
  const steps = stepper(trainable, compile);
  for (const batch of batches(2)) steps.run({ batch, sampleIds: [] });
  expect(steps.open).toBe(2);
  // Call by call nothing is gained by waiting.
  expect(steps.full).toBe(!compile);
  expect(steps.flops === undefined).toBe(!compile);
  steps.dispose();
  expect(tf.memory().numTensors).toBe(before);
  method.dispose();
});

it('numbers must be read after eight steps, or after 64 MB of batches', () => {
  const method = new FakeMethod([1]);
  const steps = stepper(method.begin(method.stages[0]), true);
  const isFullAfter = (side: number) => {
    const [image, sketch, hole] = [3, 1, 1].map(
      (channels) => tf.zeros([1, side, side, channels]) as Tensor4D,
    );
    steps.run({ batch: { image, sketch, hole }, sampleIds: [] });
    return steps.full;
  };
  const settle = () => {
    const outcomes = [...steps.settle()];
    for (const { batch } of outcomes) tf.dispose({ ...batch });
    return outcomes.length;
  };
  expect(Array.from({ length: 8 }, () => isFullAfter(8))).toEqual([...Array(7).fill(false), true]);
  expect(settle()).toBe(8);
  // Five floats a pixel: 63.9 and 64.1 MB.
  expect(isFullAfter(1788)).toBe(false);
  settle();
  expect(isFullAfter(1790)).toBe(true);
  settle();
  expect(steps.full).toBe(false);
  steps.dispose();
  method.dispose();
});
