/** Two workers train as one process does that has their batches in one. What becomes of lost ones is in `lost-workers.test.ts`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import type { StepRecord } from '../../src/train/log.ts';
import { endWorkers, start, startTwo, type Worker } from '../two-workers.ts';
import { cases, type Steps, stepsOf } from './worker-steps.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const folder = mkdtempSync(join(tmpdir(), 'workers-'));
afterAll(() => {
  endWorkers();
  rmSync(folder, { recursive: true, force: true });
});

const length = (numbers: Float32Array) => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));

describe('steps of two workers', () => {
  let workers: Record<string, Steps>[];
  beforeAll(async () => {
    const file = (rank: number) => join(folder, `steps-${rank}`);
    const both = await startTwo((rank) => ['test/train/worker-process.ts', file(rank)]);
    for (const { ended } of both) {
      const { status, said } = await ended;
      expect(status, said).toBe(0);
    }
    workers = both.map((_, rank) => deserialize(readFileSync(file(rank))));
  });

  it.each(Object.keys(cases))('%s: are those of one process', async (name) => {
    const alone = await stepsOf(cases[name]);
    const [first, second] = workers.map((all) => all[name]);
    expect([alone.workers, first.workers]).toEqual([1, 2]);
    // Workers do not drift apart by a bit, and all take back a step that one of them cannot do.
    expect(second).toEqual(first);
    expect(first.outcomes.map(({ kept }) => kept)).toEqual([true, false, true]);
    expect(alone.outcomes.map(({ kept }) => kept)).toEqual([true, false, true]);
    // All that is drawn at random is what one process draws.
    expect(first.position).toBe(alone.position);

    const [{ values: one }] = alone.outcomes;
    const [{ values: two }] = first.outcomes;
    for (const [group, tolerance] of [
      ['losses', 1e-4],
      ['gradientNorms', 1e-3],
    ] as const) {
      expect(Object.keys(two[group])).toEqual(Object.keys(one[group]));
      for (const [key, value] of Object.entries(one[group]))
        expect(Math.abs(two[group][key] - value), key).toBeLessThan(tolerance * Math.abs(value) + 1e-6);
    }
    const rounding = 1e-6 * Math.max(...Object.values(one.gradientNorms));
    let [moments, numbers, off] = [0, 0, 0];
    expect(Object.keys(first.state)).toEqual(Object.keys(alone.state));
    for (const [key, wanted] of Object.entries(alone.state)) {
      const errors = wanted.map((value, i) => Math.abs(value - first.state[key][i]));
      if (/\/(m|v|u|step)$|running/.test(key)) {
        moments += 1;
        expect(length(errors), key).toBeLessThan(1e-3 * length(wanted) + rounding);
        continue;
      }
      // Adam moves weights whose gradients are nothing but rounding either way, by the learning rate at most.
      expect(Math.max(...errors), key).toBeLessThan(4.2e-4);
      numbers += errors.length;
      off += errors.filter((error) => error > 1e-5).length;
    }
    expect(moments).toBeGreaterThan(20);
    expect(off / numbers).toBeLessThan(0.02);
  });
});

describe('a training of two workers', () => {
  const arguments_ = (runs: string, ...more: string[]) => [
    ...['src/cli/main.ts', 'train', '--runs', join(folder, runs), ...more],
  ];
  const config = [
    ...['--config', 'configs/smoke.yaml', '--set', `data.cache=${join(folder, 'cache')}`],
    ...['--set', 'data.source.count=10', '--set', 'model.imageGenerator.norm=batch'],
    ...['--set', 'output={logEvery: 1, samplesEvery: 99, validationCount: 0, checkpointMinutes: 60}'],
  ];
  const succeeded = async (workers: readonly Worker[]) => {
    for (const { ended } of workers) {
      const { status, said } = await ended;
      expect(status, said).toBe(0);
    }
  };
  const stepsIn = (run: string) =>
    readFileSync(join(run, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as StepRecord);

  it('sees the data of one process in its order, also where other numbers of workers go on with it', async () => {
    // Three steps of F by two workers, one more and two of G16 by one process, and another by two.
    await succeeded(await startTwo(() => arguments_('two', ...config, '--max-steps', '3')));
    const run = join(folder, 'two', '00001-smoke');
    await succeeded([start(arguments_('two', '--resume', run, '--max-steps', '6'))]);
    await succeeded(await startTwo(() => arguments_('two', '--resume', run, '--max-steps', '7')));
    await succeeded([start(arguments_('one', ...config, '--max-steps', '7'))]);
    const [two, one] = [run, join(folder, 'one', '00001-smoke')];
    const checkpoints = await Promise.all(
      [two, one].map((path) => readCheckpoint(join(path, 'checkpoints', 'step-7'))),
    );
    expect(checkpoints[0].random).toEqual(checkpoints[1].random);
    const [some, wanted] = [stepsIn(two), stepsIn(one)];
    expect(some.map(({ step, stage }) => [step, stage])).toEqual(
      wanted.map(({ step, stage }) => [step, stage]),
    );
    expect(some).toHaveLength(7);
    for (const [i, { losses }] of wanted.entries())
      for (const [name, value] of Object.entries(losses))
        expect(Math.abs(some[i].losses[name] - value), `${i} ${name}`).toBeLessThan(
          (i === 0 ? 1e-5 : 0.02) * Math.abs(value) + 1e-3 * i,
        );
  });

  it('does not begin where workers differ, and says how', async () => {
    const other = (rank: number) => [
      ...['--set', `training.optimizer.beta1=0.${rank + 1}`, '--set', `data.source.count=${10 + 2 * rank}`],
    ];
    const workers = await startTwo((rank) => arguments_('differing', ...config, ...other(rank)));
    for (const { ended } of workers) {
      const { status, said } = await ended;
      expect(status).toBe(1);
      expect(said).toContain('The workers would not do the same work.');
      expect(said).toMatch(/worker 1 \(127.0.0.1:\d+\): training.optimizer.beta1 0.2, worker 0 0.1/);
      expect(said).toMatch(/: the training samples \d+, \w{12}, worker 0 \d+, \w{12}/);
    }
  });

  it('does not begin where one has a run to go on with and another has not', async () => {
    const other = (rank: number) => (rank === 0 ? ['--resume', join(folder, 'two', '00001-smoke')] : config);
    for (const { ended } of await startTwo((rank) => arguments_('mixed', ...other(rank)))) {
      const { status, said } = await ended;
      expect(status).toBe(1);
      expect(said).toMatch(/worker 1 \(127.0.0.1:\d+\): --resume not given, worker 0 given/);
    }
  });

  it('ends on all workers when one cannot begin', async () => {
    const wrong = (rank: number) => (rank === 1 ? ['--set', 'training.optimizer.beta1=7'] : []);
    const [other, one] = await startTwo((rank) => arguments_('wrong', ...config, ...wrong(rank)));
    expect((await one.ended).said).toContain('training.optimizer.beta1');
    const { status, said } = await other.ended;
    expect(status).toBe(138);
    expect(said).toMatch(/Another worker has ended or cannot be reached\.\n +where: +worker 1 /);
  });
});
