/** The moving average of generators' weights, against numbers that are computed here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Checkpoint, readCheckpoint } from '../../src/core/checkpoint.ts';
import type { Method } from '../../src/core/method.ts';
import { createRunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { loadMethod } from '../../src/models/load.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { createMethod } from '../../src/models/registry.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { type Training, train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { Stepper } from '../../src/train/stepper.ts';
import { tinyMethods } from '../models/tiny-methods.ts';
import { batches, runAll, valuesOf } from './batches.ts';
import { makePairs } from './pairs.ts';

vi.setConfig({ testTimeout: 900_000 });

// The third step has it; the rates of the first two are still rising.
const DECAY = 0.3;
const isAverage = (name: string) => name.endsWith('/average');

// What a compiled step does is done call by call, too, which the stepper's tests see to; here one method's is looked at.
const cases = Object.keys(tinyMethods).map((name) => [name, 'compiled', true] as const);
const plain = [Object.keys(tinyMethods)[0], 'call by call', false] as const;

describe.each([...cases, plain])('the average of %s, %s', (name, _, compile) => {
  it('follows the weights after each step, but for one that is discarded, and leaves nothing behind', async () => {
    const method = tinyMethods[name]({ ema: { decay: DECAY } });
    await method.prepareTraining(silent);
    const stage = method.stages[method.stages.length - 1];
    const trainable = method.begin(stage);
    const stepper = new Stepper(trainable, { stage: stage.name, compile, reporter: silent });
    const all = batches(5);
    all[3].image.dispose();
    all[3] = { ...all[3], image: tf.fill([2, 64, 64, 3], Number.NaN) };
    const begun = valuesOf(trainable);
    const averaged = Object.keys(begun).filter(isAverage);
    const own = averaged.map((key) => key.replace(/\/average$/, ''));
    // All of the generator, its running statistics included, and nothing else.
    expect(own).toEqual(Object.keys(namedWeights(method.networks[stage.learns[0]])));
    const wanted = own.map((key) => Float64Array.from(begun[key]));
    const tensors: number[] = [];
    let n = 0;
    for (const [i, batch] of all.entries()) {
      const before = valuesOf(trainable);
      const [{ kept }] = runAll(stepper, [batch]);
      expect(kept).toBe(i !== 3);
      const after = valuesOf(trainable);
      tensors.push(tf.memory().numTensors);
      if (!kept) {
        expect(after).toEqual(before);
        continue;
      }
      n += 1;
      const decay = Math.min(DECAY, (1 + n) / (10 + n));
      let [moved, worst] = [0, 0];
      for (const [k, key] of own.entries()) {
        for (const [j, weight] of after[key].entries()) {
          wanted[k][j] = decay * wanted[k][j] + (1 - decay) * weight;
          if (weight !== before[key][j]) moved += 1;
          const error = Math.abs(after[averaged[k]][j] - wanted[k][j]);
          worst = Math.max(worst, error / Math.max(1, Math.abs(wanted[k][j])));
        }
      }
      expect(worst).toBeLessThan(1e-6);
      expect(moved).toBeGreaterThan(0);
    }
    expect(new Set(tensors.slice(1)).size).toBe(1);
    stepper.dispose();
    tf.dispose(all.map((batch) => ({ ...batch })));
    method.dispose();
  });
});

describe('a training with an average', () => {
  let folder: string;
  let data: PreparedData;
  const { config } = readConfig('configs/smoke.yaml', [
    'training.ema.decay=0.8',
    'output={logEvery: 1, samplesEvery: 4, sampleCount: 1, checkpointMinutes: 60, keepCheckpoints: 9}',
  ]);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'average-'));
    data = await makePairs(join(folder, 'pairs'), 8);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function run(changes: Partial<Training> = {}) {
    const method = createMethod(config);
    await method.prepareTraining(silent);
    const plan = makePlan(method, data.samples.train.length, config.training.ema);
    const run = await createRunFolder(join(folder, 'runs'), config);
    const seen: Record<string, Float32Array>[] = [];
    const visuals = method.visuals.bind(method);
    method.visuals = (...args) => {
      seen.push(weightsOf(method, 'F'));
      return visuals(...args);
    };
    const end = await train({ config, method, data, plan, run, reporter: silent, ...changes });
    method.dispose();
    return { end, run, seen };
  }

  const weightsOf = (method: Method, network: string) =>
    Object.fromEntries(
      Object.entries(namedWeights(method.networks[network])).map(([name, weight]) => [
        name,
        Float32Array.from(weight.dataSync()),
      ]),
    );
  /** The averaged weights of a network in training, and its own where there is no average. */
  const averages = ({ tensors }: Checkpoint, network: string) =>
    Object.fromEntries(
      [...tensors[network]].map(([name, { data: own }]) => [
        name,
        tensors.stage.get(`${name}/average`)?.data ?? own,
      ]),
    );

  it('shows it, keeps it beside the weights that learn, and trains later stages with it; resumed, too', async () => {
    const whole = await run();
    const at = async (step: number) => readCheckpoint(join(whole.run.checkpoints, `step-${step}`));
    const [ofF, last] = [await at(4), await readCheckpoint(whole.end.checkpoint)];
    const averageOfF = averages(ofF, 'F');
    const kernel = [...ofF.tensors.F.keys()].find((name) => name.endsWith('kernel')) as string;
    expect(averageOfF[kernel]).not.toEqual(ofF.tensors.F.get(kernel)?.data);
    // The grid of step 4, while F learns.
    expect(whole.seen[0]).toEqual(averageOfF);
    expect(averages(last, 'F')).toEqual(averageOfF);
    expect([...last.tensors.stage.keys()].filter(isAverage)).not.toEqual([]);
    expect(averages(last, 'G16')).toEqual(averages(await at(8), 'G16'));
    // A second stage of the same network goes on with its average.
    expect((await at(6)).tensors.stage.has('G16/adam/step')).toBe(true);

    const loaded = await loadMethod(whole.end.checkpoint);
    for (const network of ['F', 'G64'])
      expect(weightsOf(loaded.method, network)).toEqual(averages(last, network));
    loaded.method.dispose();

    for (const steps of [4, 5]) {
      const part = await run({ maxSteps: steps });
      const from = await readCheckpoint(part.end.checkpoint);
      const resumed = await run({ from });
      expect((await readCheckpoint(resumed.end.checkpoint)).tensors).toEqual(last.tensors);
    }

    const initial = { ...ofF, trained: ['F'] };
    const begun = await run({ initial, maxSteps: 0 });
    const weights = (await readCheckpoint(begun.end.checkpoint)).tensors.F;
    expect(Object.fromEntries([...weights].map(([name, stored]) => [name, stored.data]))).toEqual(averageOfF);
  });
});

it('the plan counts it, and a decay that is none is refused', () => {
  const [ema, plain] = ['training.ema.decay=0.9', 'seed=1'].map((set) => {
    const { config } = readConfig('configs/smoke.yaml', [set]);
    const method = createMethod(config);
    const plan = makePlan(method, 20, config.training.ema);
    method.dispose();
    return plan;
  });
  for (const [i, { memory, stage }] of ema.stages.entries())
    expect(memory - plain.stages[i].memory).toBe(4 * ema.parameters[stage.learns[0]]);
  const bad = () => readConfig('configs/smoke.yaml', ['training.ema.decay=1']);
  expect(bad).toThrow(/training\.ema\.decay[\s\S]*below 1|training\.ema\.decay[\s\S]*less than 1/);
});
