/** Steps on several batches, which are those on one that is as large. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Method, Trainable } from '../../src/core/method.ts';
import type { Batch } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { createMethod } from '../../src/models/registry.ts';
import { type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { Training } from '../../src/train/loop.ts';
import { checkBatches, describePlan, stageSteps } from '../../src/train/plan.ts';
import { type Compile, Stepper } from '../../src/train/stepper.ts';
import { tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';
import { trainSmoke } from './smoke-training.ts';

vi.setConfig({ testTimeout: 900_000 });

/** Four samples, no two alike. */
const four = () =>
  tf.tidy(() => {
    const [a, b] = batches(2);
    const joined = (key: keyof Batch) => tf.concat([a[key] as Tensor4D, b[key] as Tensor4D], 0) as Tensor4D;
    return { image: joined('image'), sketch: joined('sketch'), hole: joined('hole') };
  });

async function begin(make: () => Method, index: number, compile: Compile, accumulate: number) {
  const method = make();
  await method.prepareTraining(silent);
  const stage = method.stages.at(index)!;
  const trainable = method.begin(stage);
  const stepper = new Stepper(trainable, { stage: stage.name, compile, reporter: silent, accumulate });
  const end = () => {
    stepper.dispose();
    method.dispose();
  };
  return { trainable, stepper, end };
}

const length = (numbers: Float32Array) => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));

describe.each<[string, () => Method, number]>([
  ['DeepFillv2', () => tinyMethods.DeepFillv2({ ema: {} }), 0],
  ['F of Deep Plastic Surgery', () => tinyMethod(tinyConfig({ norm: 'none' })), 0],
])('a step of %s, without statistics of batches', (_, make, index) => {
  it.each([
    ['compiled', true, 2],
    ['call by call', false, 2],
    ['of four batches', true, 4],
  ] as const)('%s: of several batches is that of one', async (_, compile, accumulate) => {
    const batch = four();
    const [whole, parts] = [
      await begin(make, index, false, 1),
      await begin(make, index, compile, accumulate),
    ];
    const [[one], [several]] = [whole, parts].map(({ stepper }) => runAll(stepper, [batch]));
    for (const group of ['losses', 'gradientNorms'] as const) {
      const wanted = one.values[group];
      expect(Object.keys(several.values[group]).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, value] of Object.entries(wanted))
        expect(Math.abs(several.values[group][name] - value), name).toBeLessThan(
          1e-3 * Math.abs(value) + 1e-6,
        );
    }
    const [a, b] = [valuesOf(whole.trainable), valuesOf(parts.trainable)];
    expect(Object.keys(b)).toEqual(Object.keys(a));
    // Rounding of a whole gradient shows in the small ones of it.
    const rounding = 1e-6 * Math.max(...Object.values(one.values.gradientNorms));
    let [compared, numbers, off] = [0, 0, 0];
    for (const [name, wanted] of Object.entries(a)) {
      const errors = wanted.map((value, i) => Math.abs(value - b[name][i]));
      if (/\/(m|v|u|step)$/.test(name)) {
        compared += 1;
        expect(length(errors), name).toBeLessThan(2e-3 * length(wanted) + rounding);
        continue;
      }
      // Adam moves weights whose gradients are nothing but rounding either way, by the learning rate at most.
      expect(Math.max(...errors), name).toBeLessThan(4.2e-4);
      numbers += errors.length;
      off += errors.filter((error) => error > 1e-5).length;
    }
    expect(compared).toBeGreaterThan(20);
    expect(off / numbers).toBeLessThan(0.02);
    whole.end();
    parts.end();
    tf.dispose(batch);
  });
});

const names = Object.keys(tinyMethods).filter((name) => !/Lua|synthesis/.test(name));

describe.each(names)('steps of %s on two batches each', (name) => {
  it('are the same compiled and call by call, undone where numbers are not finite, and leave nothing behind', async () => {
    const make = () => tinyMethods[name]({ ema: { decay: 0.5 } });
    const [compiled, plain] = [await begin(make, -1, true, 2), await begin(make, -1, false, 2)];
    const batch = four();
    const half = tf.tidy(() => tf.concat([tf.zeros([2, 64, 64, 3]), tf.fill([2, 64, 64, 3], Number.NaN)], 0));
    const bad = { ...batch, image: half as Tensor4D };
    runAll(compiled.stepper, [batch]);
    const tensors: number[] = [];
    for (const given of [batch, bad, batch, batch]) {
      const state = plain.trainable.state();
      compiled.trainable.restore(state);
      compiled.trainable.moveTo(plain.trainable.position());
      tf.dispose(state);
      const before = valuesOf(plain.trainable);
      const position = JSON.stringify(plain.trainable.position());
      const [[one], [other]] = [runAll(plain.stepper, [given]), runAll(compiled.stepper, [given])];
      tensors.push(tf.memory().numTensors);
      const [a, b] = [valuesOf(plain.trainable), valuesOf(compiled.trainable)];
      expect(other.kept).toBe(one.kept);
      expect(one.kept).toBe(given !== bad);
      if (!one.kept) {
        expect([a, b]).toEqual([before, before]);
        expect(JSON.stringify(plain.trainable.position())).toBe(position);
        expect(JSON.stringify(compiled.trainable.position())).toBe(position);
        continue;
      }
      for (const [loss, value] of Object.entries({ ...one.values.losses, ...one.values.gradientNorms })) {
        const found = { ...other.values.losses, ...other.values.gradientNorms }[loss];
        expect(Math.abs(found - value), loss).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
      }
      for (const [key, wanted] of Object.entries(a)) {
        const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - b[key][i])), 0);
        expect(worst, key).toBeLessThan(5e-4 + 1e-3 * scale);
      }
      const counts = Object.entries(a).filter(([key]) => key.endsWith('adam/step'));
      for (const [key, [count]] of counts) expect(count - before[key][0], key).toBe(1);
    }
    expect(tensors[3]).toBe(tensors[2]);
    compiled.end();
    plain.end();
    tf.dispose([batch, half]);
  });
});

it('a stage whose method has no parts of a step is told so', () => {
  const method = new FakeMethod([1]);
  const options = { stage: 'a stage', compile: false, reporter: silent, accumulate: 2 };
  const stepper = new Stepper(method.begin(method.stages[0]), options);
  const [batch] = batches(1);
  expect(() => stepper.run({ batch, sampleIds: [] })).toThrow('a stage has no steps on several batches');
  stepper.dispose();
  tf.dispose({ ...batch });
  method.dispose();
});

it.each([true, false])(
  'a step that fails once its discriminator has learnt is undone, compile: %s',
  async (compile) => {
    const method = tinyMethods.pix2pix();
    const [stage] = method.stages;
    const trainable = method.begin(stage);
    const parts = trainable.parts!;
    let fails = false;
    const failing: Trainable = {
      ...trainable,
      parts: {
        ...parts,
        norm: (part) => (fails && part === 'generator' ? tf.scalar(Number.NaN) : parts.norm(part)),
      },
    };
    const stepper = new Stepper(failing, { stage: stage.name, compile, reporter: silent, accumulate: 2 });
    const batch = four();
    const [state, position] = [trainable.state(), trainable.position()];
    runAll(stepper, [batch]);
    const wanted = valuesOf(trainable);
    trainable.restore(state);
    trainable.moveTo(position);
    for (fails of [false, true]) {
      // Nobody looks at the weights in between.
      stepper.run({ batch, sampleIds: [] });
      expect([...stepper.settle()].map(({ kept }) => kept)).toEqual([!fails]);
    }
    stepper.bringBack();
    expect(valuesOf(trainable)).toEqual(wanted);
    stepper.dispose();
    tf.dispose([state, batch]);
    method.dispose();
  },
);

it('running statistics move once a step, with its last batch', async () => {
  const make = () => tinyMethods['partial convolutions']();
  const batch = four();
  const last = tf.tidy(() =>
    Object.fromEntries(Object.entries(batch).map(([key, x]) => [key, tf.slice(x, [2], [2])])),
  ) as unknown as Batch;
  const [several, alone] = [await begin(make, 0, true, 2), await begin(make, 0, true, 1)];
  runAll(several.stepper, [batch]);
  runAll(alone.stepper, [last]);
  expect(several.stepper.flops).toBe(2 * (alone.stepper.flops as number));
  const [a, b] = [valuesOf(several.trainable), valuesOf(alone.trainable)];
  const statistics = Object.keys(a).filter((name) => /running/.test(name));
  expect(statistics.length).toBeGreaterThan(4);
  for (const name of statistics)
    for (const [i, value] of a[name].entries()) expect(value).toBeCloseTo(b[name][i], 4);
  several.end();
  alone.end();
  tf.dispose([batch, { ...last }]);
});

it('a training counts all samples of a step, and goes on exactly where it is resumed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accumulate-'));
  const data = await makePairs(join(folder, 'pairs'), 9);
  const { config } = readConfig('configs/smoke.yaml', [
    'training.imageGenerator={duration: {epochs: 2}, batch: 2, accumulate: 2}',
    'training.levels.0={batch: 1, accumulate: 3, atFullRefinement: {steps: 1}, atDrawnRefinement: {steps: 2}}',
    'training.levels.1={atFullRefinement: {steps: 0}, atDrawnRefinement: {steps: 0}}',
    'training.levels.2={atFullRefinement: {steps: 0}, atDrawnRefinement: {steps: 0}}',
    'output={logEvery: 1, samplesEvery: 99, validationCount: 0, checkpointMinutes: 60, keepCheckpoints: 9}',
  ]);
  const run = (changes: Partial<Training>) => trainSmoke(config, data, folder, changes);
  const whole = await run({});
  expect(whole.plan.stages.map(({ steps }) => steps)).toEqual([4, 1, 2, 0, 0, 0, 0]);
  expect(describePlan(whole.plan).join('\n')).toMatch(/F +4 +2 × 2[\s\S]*G16, any l +2 +3 × 1/);
  expect(whole.records).toHaveLength(7);
  expect(new Set(whole.records.slice(0, 4).map(({ tensors }) => tensors)).size).toBe(1);
  // The loader has given out two epochs of two steps of four samples.
  for (const maxSteps of [3, 5]) {
    const { checkpoint: from } = await run({ maxSteps });
    expect((await run({ from })).checkpoint).toEqual(whole.checkpoint);
  }
  rmSync(folder, { recursive: true });
});

it('a step has all its samples in plans, and must have them', () => {
  const { config, locate } = readConfig('configs/smoke-pix2pix.yaml', ['training.accumulate=5']);
  expect(() => checkBatches(config, 10, locate)).not.toThrow();
  expect(() => checkBatches(config, 9, locate)).toThrow(/training\.batch[\s\S]*at most 9[\s\S]*10/);
  const method = createMethod(config);
  const [stage] = method.stages;
  expect(stageSteps({ ...stage, duration: { epochs: 3 } }, 25)).toBe(6);
  method.dispose();
  const lua = () => readConfig('configs/smoke-pix2pix.yaml', ['training.accumulate=2', 'model.variant=lua']);
  expect(lua).toThrow(/training\.accumulate[\s\S]*expected: 1[\s\S]*variant: pytorch/);
});
