import { expect, it } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import {
  activationElements,
  checkBatches,
  commonBatch,
  describePlan,
  makePlan,
  ownPlaces,
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
  const accumulated = readConfig('configs/smoke.yaml', ['training.levels.1.accumulate=5']);
  expect(() => checkBatches(accumulated.config, 10, locate)).not.toThrow();
  expect(() => checkBatches(accumulated.config, 9, locate)).toThrow(/at most 9[\s\S]*got: *10/);
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
  // An average takes as much again as the generator that it is of.
  const averaged = makePlan(new FakeMethod([5, 7]), 40, { decay: 0.9 });
  expect(averaged.stages[0].memory - plan.stages[0].memory).toBe(4 * 6);
  expect(describePlan(plan)[2]).toBe('1  stage 1  5      2      1 MB           copies');
  const text = describePlan(plan, true).join('\n');
  expect(text).toMatch(/about 40[\s\S]*1 +stage 1 +5[\s\S]*2 +stage 2 +7[\s\S]*about 12[\s\S]*A 0\.0 k/);
});

it('counts a sum of gradients where batches are accumulated, and epochs of so many samples', () => {
  const method = new FakeMethod([5]);
  const [once] = makePlan(method, 40).stages;
  Object.assign(method.stages[0], { accumulate: 3, duration: { epochs: 2, minutes: 7 } });
  const plan = makePlan(method, 40);
  const [summed] = plan.stages;
  expect(summed.memory - once.memory).toBe(4 * 6);
  // 40 samples have 6 steps of three batches of two.
  expect(summed.steps).toBe(12);
  expect(ownPlaces({ batch: 2, accumulate: 3 })).toEqual([0, 1, 2, 3, 4, 5]);
  expect(ownPlaces({ batch: 2 })).toEqual([0, 1]);
  expect(describePlan({ ...plan, parameters: { A: 999_999, B: 1_000_000 } })).toEqual([
    'Training samples: 40',
    '   stage    steps              batch  memory, about',
    '1  stage 1  12, at most 7 min  3 × 2  1 MB           copies',
    'Steps in all: 12',
    'Parameters: A 1000.0 k, B 1.00 M; in all 2.00 M',
  ]);
  const gigabytes = plan.stages.map((stage) => ({ ...stage, memory: 2.5 * 2 ** 30 }));
  expect(describePlan({ ...plan, stages: gigabytes })[2]).toContain('  2.5 GB  ');
});

it('refuses a training without a step', () => {
  expect(() => makePlan(new FakeMethod([0, 0]), 40)).toThrow(/nothing to train[\s\S]*one step or more/);
  expect(makePlan(new FakeMethod([0, 1]), 40).steps).toBe(1);
});

it('tells what divides every batch', () => {
  const common = (...sets: string[]) => commonBatch(readConfig('configs/smoke.yaml', sets).config);
  expect(common()).toBe(2);
  expect(common('training.levels.1.batch=9')).toBe(1);
  expect(
    common(
      'training.imageGenerator.batch=8',
      'training.levels.0.batch=12',
      'training.levels.1.batch=4',
      'training.levels.2.batch=4',
    ),
  ).toBe(4);
});

/** Of its networks B is a discriminator. */
class Adversarial extends FakeMethod {
  override describe(name = 'A') {
    return { ...super.describe(), role: name === 'A' ? 'generator' : 'discriminator' } as const;
  }
}

it('counts weights of networks that do not learn, and averages generators alone', () => {
  const [method, other] = [new Adversarial([5]), new FakeMethod([5])];
  const alone = makePlan(method, 40).stages[0].memory;
  const both = Object.assign(method, { networks: { A: method.networks.A, B: other.networks.A } });
  expect(makePlan(both, 40).stages[0].memory - alone).toBe(4 * 6);
  Object.assign(both.stages[0], { learns: ['A', 'B'] });
  const [plain, averaged] = [undefined, { decay: 0.9 }].map(
    (ema) => makePlan(both, 40, ema).stages[0].memory,
  );
  expect(averaged - plain).toBe(4 * 6);
});

it('counts what a network of any size makes at its side', () => {
  const input = (channels: number | null) => tf.input({ shape: [null, null, channels] });
  type Symbolic = ReturnType<typeof input>;
  const halved = (x: Symbolic) => tf.layers.maxPooling2d({ poolSize: 2 }).apply(x) as Symbolic;
  const [x, features, mask] = [input(2), input(2), input(null)];
  // The features come from a network of another size; the sum has that of the first of its parts.
  const sum = tf.layers.add().apply([halved(x), features]) as Symbolic;
  const network = tf.model({ name: 'G16', inputs: [x, features, mask], outputs: [sum, halved(mask)] });
  const ofMask = 16 * 16 + 8 * 8;
  expect(activationElements(network, 16)).toBe(2 * (16 * 16 + 8 * 8 + 16 * 16 + 8 * 8) + ofMask);
});
