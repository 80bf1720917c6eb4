/** Learning rates over a stage, and that optimisers step by them; against numbers that are computed here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { Training } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { scheduledRate } from '../../src/train/schedule.ts';
import { Stepper } from '../../src/train/stepper.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';
import { makePairs } from './pairs.ts';
import { trainSmoke } from './smoke-training.ts';

vi.setConfig({ testTimeout: 900_000 });

describe('the rate', () => {
  const rates = (schedule: Parameters<typeof scheduledRate>[0]['schedule'], steps: number) =>
    Array.from({ length: steps }, (_, step) => scheduledRate({ learningRate: 8, schedule }, step, steps));

  it.each([
    ['stays', { kind: 'constant', warmUpSteps: 0 }, [8, 8, 8, 8]],
    ['stays, whatever is said of a fall', { kind: 'constant', decayFrom: 0.5, warmUpSteps: 0 }, [8, 8, 8, 8]],
    ['rises in a line', { kind: 'constant', warmUpSteps: 4 }, [2, 4, 6, 8, 8, 8]],
    ['falls from the middle on', { kind: 'linear', warmUpSteps: 0 }, [8, 8, 8, 8, 8, 6, 4, 2]],
    [
      'falls from the beginning on',
      { kind: 'linear', decayFrom: 0, warmUpSteps: 0 },
      [8, 7, 6, 5, 4, 3, 2, 1],
    ],
    ['falls after its rise', { kind: 'linear', decayFrom: 0, warmUpSteps: 2 }, [4, 8, 8, 6, 4, 2]],
    [
      'falls as a cosine',
      { kind: 'cosine', warmUpSteps: 0 },
      [8, 4 + 4 * Math.SQRT1_2, 4, 4 - 4 * Math.SQRT1_2],
    ],
    ['falls late as a cosine', { kind: 'cosine', decayFrom: 0.5, warmUpSteps: 1 }, [8, 8, 8, 4]],
    ['never falls', { kind: 'linear', decayFrom: 1, warmUpSteps: 0 }, [8, 8, 8]],
  ] as const)('%s', (_, schedule, wanted) => {
    const found = rates(schedule, wanted.length);
    for (const [i, rate] of wanted.entries()) expect(found[i]).toBeCloseTo(rate, 12);
  });
});

const RATES = [1e-4, 5e-4, 2e-4, 3e-4];
const cases = Object.keys(tinyMethods)
  .filter((name) => !name.includes('synthesis'))
  .flatMap((name) =>
    [true, false].map((compile) => [name, compile ? 'compiled' : 'call by call', compile] as const),
  );

describe.each(cases)('a step of %s, %s', (name, _, compile) => {
  it('is as long as its rate says; a step that is discarded does not move the rate on', async () => {
    const method = tinyMethods[name]();
    await method.prepareTraining(silent);
    const stage = method.stages[method.stages.length - 1];
    const { beta1, beta2 } = stage.optimizer!;
    const trainable = method.begin(stage);
    const learningRate = (step: number) => RATES[step];
    const stepper = new Stepper(trainable, { stage: stage.name, compile, reporter: silent, learningRate });
    const all = batches(5);
    all[1].image.dispose();
    all[1] = { ...all[1], image: tf.fill([2, 64, 64, 3], Number.NaN) };
    let t = 0;
    for (const [i, batch] of all.entries()) {
      const before = valuesOf(trainable);
      const [{ kept, values }] = runAll(stepper, [batch]);
      expect(kept).toBe(i !== 1);
      expect(values.learningRate).toBe(RATES[t]);
      if (!kept) continue;
      t += 1;
      const after = valuesOf(trainable);
      const rate = RATES[t - 1];
      let [worst, count] = [0, 0];
      for (const [weight, numbers] of Object.entries(after)) {
        const [m, v] = [after[`${weight}/m`], after[`${weight}/v`]];
        // The Lua code sets biases to 0 before its update.
        if (!m || (name.includes('Lua') && weight.endsWith('bias'))) continue;
        for (const [j, number] of numbers.entries()) {
          // Where epsilon, which comes in two forms, does not count.
          if (v[j] < 1e-10) continue;
          const [mean, square] = [m[j] / (1 - beta1 ** t), v[j] / (1 - beta2 ** t)];
          const wanted = before[weight][j] - (rate * mean) / Math.sqrt(square);
          worst = Math.max(worst, Math.abs(number - wanted) / Math.max(1, Math.abs(wanted)));
          count += 1;
        }
      }
      expect(count).toBeGreaterThan(100);
      expect(worst).toBeLessThan(0.002 * rate + 2e-7);
    }
    stepper.dispose();
    tf.dispose(all.map((batch) => ({ ...batch })));
    method.dispose();
  });
});

it.each([true, false])(
  'steps have the rates of their places, one that fails among them, compile: %s',
  async (compile) => {
    const method = tinyMethods.DeepFillv2();
    const trainable = method.begin(method.stages[0]);
    const learningRate = (step: number) => 1e-4 * (step + 1);
    const options = { stage: 'a stage', compile, reporter: silent, done: 3, learningRate };
    const stepper = new Stepper(trainable, options);
    const all = batches(7);
    all[2].image.dispose();
    all[2] = { ...all[2], image: tf.fill([2, 64, 64, 3], Number.NaN) };
    const outcomes = runAll(stepper, all);
    expect(outcomes.map(({ kept }) => kept)).toEqual([true, true, false, true, true, true, true]);
    const rates = outcomes.map(({ values }) => values.learningRate);
    expect(rates).toEqual([3, 4, 5, 5, 6, 7, 8].map(learningRate));
    stepper.dispose();
    tf.dispose(all.map((batch) => ({ ...batch })));
    method.dispose();
  },
);

it('runs over each stage anew, is in the log, and goes on where a run is resumed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'schedule-'));
  const data = await makePairs(join(folder, 'pairs'), 8);
  const { config } = readConfig('configs/smoke-pconv.yaml', [
    'training.main={duration: {steps: 4}, batch: 2, optimizer: {learningRate: 0.001, schedule: {kind: linear}}}',
    'training.fineTuning={duration: {steps: 3}, batch: 2, optimizer: {learningRate: 0.003, schedule: {warmUpSteps: 2}}}',
    'loss.features.network=hed-vgg16',
    'output={logEvery: 1, samplesEvery: 99, validationCount: 0, checkpointMinutes: 60, keepCheckpoints: 9}',
  ]);
  const run = async (changes: Partial<Training>) => {
    const { checkpoint, records } = await trainSmoke(config, data, folder, changes);
    return { checkpoint, rates: records.map(({ learningRate }) => learningRate) };
  };
  const whole = await run({});
  const wanted = [0.001, 0.001, 0.001, 0.0005, 0.0015, 0.003, 0.003];
  expect(whole.rates).toEqual(wanted);
  const { checkpoint: from } = await run({ maxSteps: 3 });
  const resumed = await run({ from });
  expect(resumed.rates).toEqual(wanted.slice(3));
  expect(resumed.checkpoint.tensors).toEqual(whole.checkpoint.tensors);
  rmSync(folder, { recursive: true });
});

it('a warm-up as long as a stage is refused', () => {
  const { config } = readConfig('configs/smoke-pix2pix.yaml', ['training.optimizer.schedule.warmUpSteps=8']);
  const method = createMethod(config);
  expect(() => makePlan(method, 12)).toThrow(
    /warmUpSteps, stage pix2pix[\s\S]*fewer than the stage's 8 steps/,
  );
  method.dispose();
  const bad = () => readConfig('configs/smoke-pix2pix.yaml', ['training.optimizer.schedule.kind=lineal']);
  expect(bad).toThrow(/schedule\.kind[\s\S]*linear/);
});
