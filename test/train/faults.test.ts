import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NamedTensors, StagePlan, Trainable } from '../../src/core/method.ts';
import { createRunFolder, type RunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import {
  CollapseWatch,
  explainMemory,
  type Fault,
  FaultLog,
  isOutOfMemory,
  notFinite,
} from '../../src/train/faults.ts';
import { type Training, train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';

let folder: string;
let data: PreparedData;
const { config: baseConfig } = readConfig('configs/smoke.yaml', [
  'output={logEvery: 1, samplesEvery: 100, checkpointMinutes: 60}',
  'training.maxBadSteps=2',
]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
  data = await makePairs(join(folder, 'pairs'), 7);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Its batches of the numbers in `bad`, counted from 1, give a loss that is not a number. */
class Faulty extends FakeMethod {
  /** The images of the batches, as a batch may be asked for again. */
  readonly #seen: Tensor[] = [];
  readonly #bad: readonly number[];

  constructor(steps: number[], bad: readonly number[]) {
    super(steps);
    this.#bad = bad;
  }

  override begin(stage: StagePlan): Trainable {
    const trainable = super.begin(stage);
    const { inputs } = trainable;
    trainable.inputs = (batch) => {
      if (!this.#seen.includes(batch.image)) this.#seen.push(batch.image);
      const { tensors } = inputs(batch);
      if (!this.#bad.includes(this.#seen.indexOf(batch.image) + 1)) return { tensors };
      tensors.image.dispose();
      return { tensors: { ...tensors, image: tf.fill(batch.image.shape, Number.NaN) } };
    };
    return trainable;
  }
}

async function run(
  steps: number[],
  bad: readonly number[],
  compile: boolean,
  prepare: (place: RunFolder) => void = () => {},
  logEvery = 1,
) {
  const warnings: string[] = [];
  const output = { ...baseConfig.output, logEvery };
  const config = { ...baseConfig, output, runtime: { ...baseConfig.runtime, compile } };
  const method = new Faulty(steps, bad);
  const place = await createRunFolder(join(folder, 'runs'), config);
  prepare(place);
  const job: Training = {
    config,
    method,
    data,
    plan: makePlan(method, data.samples.train.length),
    run: place,
    reporter: { ...silent, warn: (message) => warnings.push(message) },
  };
  const end = await train(job).catch((error: unknown) => error);
  return { end, warnings, place };
}

const logged = (place: RunFolder): { step: number; tensors: number; gradientNorms: object }[] =>
  readFileSync(place.log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.each([
  ['compiled', true],
  ['call by call', false],
])('a step whose loss is not a number, %s', (_, compile) => {
  it('is written down and left out, and the training comes to its end', async () => {
    const { end, warnings, place } = await run([5, 2], [3, 4], compile);
    expect(end).toMatchObject({ step: 7, complete: true });
    const log = logged(place);
    expect(log.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(log[0].gradientNorms).toEqual({ copier: expect.any(Number) });
    expect(new Set(log.map(({ tensors }) => tensors)).size).toBe(1);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/Step 3 was discarded: difference loss, copier gradient not finite/);
    expect(warnings[0]).toContain(join(place.faults, 'step-3'));

    expect(readdirSync(place.faults).sort()).toEqual(['step-3', 'step-3.2']);
    const fault = join(place.faults, 'step-3');
    expect(statSync(join(fault, 'batch.png')).size).toBeGreaterThan(1000);
    const { image, sketch, hole } = Object.fromEntries(readSafetensors(join(fault, 'batch.safetensors')));
    expect([image.shape, sketch.shape, hole.shape]).toEqual([
      [2, 64, 64, 3],
      [2, 64, 64, 1],
      [2, 64, 64, 1],
    ]);
    const report = JSON.parse(readFileSync(join(fault, 'fault.json'), 'utf8'));
    expect(report).toMatchObject({
      step: 3,
      stage: 'stage 1',
      losses: { difference: 'NaN' },
      gradientNorms: { copier: 'NaN' },
      notFinite: ['difference loss', 'copier gradient'],
      unsoundState: [],
      config: { name: 'smoke' },
    });
    expect(report.sampleIds).toHaveLength(2);
  });

  it('more than are tolerated end the training with the reason', async () => {
    const { end, warnings, place } = await run([9], [2, 3, 4, 5], compile);
    expect(warnings).toHaveLength(2);
    expect((end as Error).name).toBe('UserError');
    expect((end as Error).message).toMatch(
      /step 2, stage stage 1: difference loss[\s\S]*at most 2 [\s\S]*maxBadSteps[\s\S]*got: +3;/,
    );
    expect((end as Error).message).toContain(place.faults);
    expect(readdirSync(place.faults)).toHaveLength(3);
  });
});

it('after a discarded step nothing is drawn and saved too early, where numbers are read late', async () => {
  const { end, place } = await run([5], [3], true, undefined, 100);
  expect(end).toMatchObject({ step: 5, complete: true });
  expect(readdirSync(place.samples)).toEqual(['step-0000005.png']);
  expect(readdirSync(place.checkpoints)).toEqual(['step-5']);
});

it('what cannot be kept of a discarded step is no reason to end', async () => {
  const { end, warnings } = await run([3], [2], false, ({ faults }) => writeFileSync(faults, 'a file'));
  expect(end).toMatchObject({ step: 3, complete: true });
  expect(warnings).toEqual([
    expect.stringMatching(/Step 2 was discarded.*Its batch could not be written: E\w+/),
  ]);
});

describe('the log of discarded steps', () => {
  const batch = {
    image: tf.ones([1, 8, 8, 3]) as Tensor4D,
    sketch: tf.ones([1, 8, 8, 1]) as Tensor4D,
    hole: tf.ones([1, 8, 8, 1]) as Tensor4D,
  };
  let warnings: string[];
  let place: string;
  beforeEach(() => {
    warnings = [];
    place = join(mkdtempSync(join(folder, 'log-')), 'faults');
  });
  const open = () =>
    new FaultLog({
      folder: place,
      config: baseConfig,
      reporter: { ...silent, warn: (message) => warnings.push(message) },
    });
  const faultAt = (
    step: number,
    { state = {}, ...more }: { state?: NamedTensors } & Partial<Fault> = {},
  ) => ({
    step,
    stage: 'F',
    sampleIds: ['a'],
    batch,
    values: { losses: { loss: Number.NaN }, gradientNorms: {} },
    trainable: { state: () => state } as Trainable,
    ...more,
  });

  it('counts those of the last 1,000 steps', async () => {
    const log = open();
    await log.record(faultAt(1));
    await log.record(faultAt(2));
    await log.record(faultAt(1001));
    await log.record(faultAt(1002));
    expect(warnings.map((text) => /\((\d) of 2 tolerated/.exec(text)?.[1])).toEqual(['1', '2', '2', '2']);
    await expect(log.record(faultAt(2000))).rejects.toThrow(/got: +3; the last one: batch and weights are/);
  });

  it('tells what is not finite: the batch, the state, or neither', async () => {
    const log = open();
    const wrong = (value: number) => tf.fill([2], value);
    await log.record(
      faultAt(1, { batch: { ...batch, hole: tf.fill([1, 8, 8, 1], Number.NaN) as Tensor4D } }),
    );
    const ints = tf.tensor1d([1], 'int32');
    await log.record(
      faultAt(1001, {
        state: { fine: wrong(1), ints, a: wrong(Number.NaN), b: wrong(Number.POSITIVE_INFINITY) },
      }),
    );
    const four = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, wrong(Number.NaN)]));
    await log.record(faultAt(2001, { state: { a: four.a, b: four.b, c: four.c } }));
    await log.record(faultAt(3001, { state: four }));
    expect(warnings).toEqual([
      expect.stringContaining('not finite; the batch itself is not (hole). '),
      expect.stringContaining('state are not (a, b), so no step'),
      expect.stringContaining('state are not (a, b, c), so no step'),
      expect.stringContaining('state are not (a, b, c and 1 more), so no step'),
    ]);
    const report = JSON.parse(readFileSync(join(place, 'step-3001', 'fault.json'), 'utf8'));
    expect(report).toMatchObject({
      unsoundState: ['a', 'b', 'c', 'd'],
      losses: { loss: 'NaN' },
      sampleIds: ['a'],
    });
  });

  it('keeps 20 batches at most, and leaves no tensor behind', async () => {
    mkdirSync(place);
    for (let i = 2; i <= 20; i++) mkdirSync(join(place, `step-${i}0`));
    const log = open();
    const tensors = tf.memory().numTensors;
    await log.record(faultAt(1));
    expect(warnings.at(-1)).toContain(`See ${join(place, 'step-1')}.`);
    await log.record(faultAt(2));
    expect(warnings.at(-1)).toContain(`Not written: ${place} holds 20 already.`);
    expect(readdirSync(place)).toHaveLength(20);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('a discriminator whose loss is nearly 0', () => {
  const watchOver = (lossAt: (step: number) => number | undefined, steps = 600) => {
    const warnings: string[] = [];
    const collapse = { loss: 'discriminator', below: 1e-2, advice: 'a larger margin' };
    const watch = new CollapseWatch(collapse, { ...silent, warn: (message) => warnings.push(message) });
    for (let step = 1; step <= steps; step++) {
      const discriminator = lossAt(step);
      watch.observe(step, discriminator === undefined ? {} : { discriminator });
    }
    return warnings;
  };

  it('for long is warned about once', () => {
    const warnings = watchOver((step) => (step > 50 ? 1e-4 : 20));
    expect(warnings).toEqual([expect.stringMatching(/200 steps, since step 51: .*try a larger margin/)]);
    expect(watchOver((step) => (step > 50 ? 1e-4 : 20), 249)).toEqual([]);
    expect(watchOver((step) => (step > 50 ? 1e-4 : 20), 250)).toHaveLength(1);
  });

  it.each<[string, (step: number) => number | undefined]>([
    ['now and then', (step) => (step % 100 === 0 ? 20 : 0)],
    ['never', () => 0.5],
    ['at its bound', () => 1e-2],
    ['where there is none', () => undefined],
  ])('%s is not', (_, losses) => {
    expect(watchOver(losses)).toEqual([]);
  });
});

it('a stage without a discriminator is not watched', () => {
  const watch = new CollapseWatch(undefined, { ...silent, warn: expect.fail });
  for (let step = 1; step <= 300; step++) watch.observe(step, { discriminator: 0 });
});

it('values that are not finite are named', () => {
  const losses = { a: 1, b: Number.NaN, c: Number.POSITIVE_INFINITY };
  const gradientNorms = { d: 0, e: Number.NEGATIVE_INFINITY };
  expect(notFinite({ losses, gradientNorms })).toEqual(['b loss', 'c loss', 'e gradient']);
});

it('memory that runs out is told from other errors, and explained', () => {
  const stage = { name: 'G64', batch: 8 } as StagePlan;
  for (const message of [
    'Session fail with TF_Status: 8',
    'OOM when allocating tensor',
    'Array buffer allocation failed',
    'std::bad_alloc',
  ]) {
    const error = new Error(`${message}\n  at a line`);
    expect(isOutOfMemory(error)).toBe(true);
    expect((explainMemory(error, stage) as Error).message).toContain(`got:      ${message} at a line`);
    expect((explainMemory(error, stage) as Error).message).toMatch(
      /not enough memory[\s\S]*stage G64, batches of 8/,
    );
  }
  for (const error of [new Error('TF_Status: 80'), new Error('other'), 'OOM when allocating', undefined]) {
    expect(isOutOfMemory(error)).toBe(false);
    expect(explainMemory(error, stage)).toBe(error);
  }
});
