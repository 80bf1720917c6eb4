import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import type { StagePlan, Trainable } from '../../src/core/method.ts';
import { createRunFolder, type RunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { RunLog, type StepRecord } from '../../src/train/log.ts';
import { type Training, train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';

let folder: string;
let data: PreparedData;
const { config } = readConfig('configs/smoke.yaml', [
  'output={logEvery: 1, samplesEvery: 100, checkpointMinutes: 60, keepCheckpoints: 9}',
]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loop-'));
  data = await makePairs(join(folder, 'pairs'), 7);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function training(
  steps: number[],
  changes: Partial<Training> = {},
): Promise<Training & { run: RunFolder }> {
  const method = new FakeMethod(steps);
  const run = await createRunFolder(join(folder, 'runs'), changes.config ?? config);
  const plan = makePlan(method, data.samples.train.length);
  return { config, method, data, plan, run, reporter: silent, ...changes };
}

/** Remembers the steps that it shows, by the stage's name, and lines. */
function watch(): Reporter & { shown: Record<string, number[]>; lines: string[] } {
  const shown: Record<string, number[]> = {};
  const lines: string[] = [];
  const task = (name: string) => {
    const steps: number[] = [];
    shown[name] = steps;
    return { update: (done: number) => void (steps.at(-1) !== done && steps.push(done)), finish() {} };
  };
  return { ...silent, info: (line) => lines.push(line), task, shown, lines };
}

const readLog = (run: RunFolder): (StepRecord & { tensors: number })[] =>
  readFileSync(run.log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('runs every stage, logs every step, and leaves a checkpoint, a grid and events', async () => {
  const before = tf.memory().numTensors;
  const job = await training([30, 5]);
  const end = await train(job);
  expect(end).toMatchObject({ step: 35, complete: true });
  const log = readLog(job.run);
  expect(log.map(({ step }) => step)).toEqual(Array.from({ length: 35 }, (_, i) => i + 1));
  expect(log.map(({ stage }) => stage)).toEqual([...Array(30).fill('stage 1'), ...Array(5).fill('stage 2')]);
  expect(log[34]).toMatchObject({ stageStep: 5 });
  expect(log.map(({ tensors }) => tensors)).toEqual(log.map(() => log[0].tensors));
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-30', 'step-35']);
  expect(end.checkpoint).toBe(join(job.run.checkpoints, 'step-35'));
  expect(readdirSync(job.run.samples)).toEqual(['step-0000030.png', 'step-0000035.png']);
  expect(readdirSync(job.run.events)).toHaveLength(1);
  job.method.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('logs at intervals, and the last step of a stage; between them it waits for no step', async () => {
  const reporter = watch();
  const job = await training([7, 2], {
    config: { ...config, output: { ...config.output, logEvery: 3, validationCount: 0 } },
    reporter,
  });
  await train(job);
  expect(readLog(job.run).map(({ step }) => step)).toEqual([3, 6, 7, 9]);
  expect(reporter.shown).toEqual({ 'stage 1': [3, 6, 7], 'stage 2': [2] });
});

it('the speed is that of steps alone, without grids and measurements', async () => {
  let time = 1e6;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  onTestFinished(() => void vi.restoreAllMocks());
  const output = { ...config.output, samplesEvery: 3, checkpointMinutes: 1e-9 };
  const runtime = { ...config.runtime, compile: false as const };
  const job = await training([7], { config: { ...config, output, runtime } });
  const { method } = job;
  const [fill, visuals] = [method.fill.bind(method), method.visuals.bind(method)];
  method.fill = (...args) => {
    time += 5e4;
    return fill(...args);
  };
  method.visuals = (...args) => {
    time += 7e4;
    return visuals(...args);
  };
  const trainable = method.begin(method.stages[0]);
  method.begin = () => ({
    ...trainable,
    inputs(batch) {
      time += 1000;
      return trainable.inputs(batch);
    },
  });
  await train(job);
  expect(readLog(job.run).map(({ imagesPerSecond }) => imagesPerSecond)).toEqual(Array(7).fill(2));
  const grids = readdirSync(job.run.samples);
  expect(grids).toEqual([3, 6, 7].map((step) => `step-000000${step}.png`));
});

it('ends after maxSteps with a checkpoint', async () => {
  const job = await training([4, 4], { maxSteps: 6 });
  const end = await train(job);
  expect(end).toMatchObject({ step: 6, complete: false, interrupted: false });
  const { stage, metrics } = await readCheckpoint(end.checkpoint);
  expect(stage).toEqual({ index: 1, name: 'stage 2', step: 2 });
  expect(metrics).toHaveProperty(['l1/hole']);
});

it('changes samples at random, and mixes those of several sources, as it is told', async () => {
  const lossesOf = async (augment: object, changes: Partial<PreparedData> = {}) => {
    const changed = { ...config, data: { ...config.data, augment: { ...config.data.augment, ...augment } } };
    const job = await training([5], { config: changed, data: { ...data, ...changes } });
    await train(job);
    return readLog(job.run).map(({ losses }) => losses);
  };
  const plain = await lossesOf({});
  expect(await lossesOf({})).toEqual(plain);
  expect(await lossesOf({ brightness: 0.5 })).not.toEqual(plain);
  // One sample nearly always, in place of all in turn.
  const [first, ...others] = data.samples.train;
  const named = [{ ...first, source: 'a' }, ...others.map((sample) => ({ ...sample, source: 'b' }))];
  const mixed = { samples: { ...data.samples, train: named }, weights: { a: 1e6, b: 1e-6 } };
  expect(await lossesOf({}, mixed)).not.toEqual(plain);
});

it('maxSteps at a stage’s end, and beyond the plan', async () => {
  const reporter = watch();
  const half = await train(await training([2, 2], { maxSteps: 2, reporter }));
  expect(half).toMatchObject({ step: 2, complete: false });
  expect(Object.keys(reporter.shown)).toEqual(['stage 1']);
  expect(await train(await training([2, 2], { maxSteps: 4 }))).toMatchObject({ step: 4, complete: true });
  expect(await train(await training([2, 2], { maxSteps: 9 }))).toMatchObject({ step: 4, complete: true });
});

it.each([
  ['after the step in progress with a checkpoint', 1000, { complete: false, interrupted: true }],
  ['no earlier than it would end anyway', 3, { complete: true, interrupted: false }],
])('an interrupt ends it %s', async (_, steps, wanted) => {
  const controller = new AbortController();
  const job = await training([steps], { interrupt: controller.signal });
  const trainable = job.method.begin(job.method.stages[0]);
  const seen = new Set<object>();
  job.method.begin = () => ({
    ...trainable,
    inputs(batch) {
      if (seen.add(batch.image).size === 3) controller.abort();
      return trainable.inputs(batch);
    },
  });
  const end = await train(job);
  expect(end).toMatchObject({ ...wanted, step: 3 });
  // Whoever interrupts waits for nothing but the checkpoint.
  expect(readLog(job.run)[2].validation).toBeUndefined();
  expect((await readCheckpoint(end.checkpoint)).step).toBe(end.step);
});

it.each([
  ['first', [5]],
  // Other weights may take the place of a stage.
  ['second', [0, 5]],
])('an interrupt before any step leaves a checkpoint of the %s stage too', async (_, steps) => {
  const end = await train(await training(steps, { interrupt: AbortSignal.abort() }));
  expect(end).toMatchObject({ step: 0, complete: false, interrupted: true });
  const { stage } = await readCheckpoint(end.checkpoint);
  expect(stage).toEqual({ index: steps.length - 1, name: `stage ${steps.length}`, step: 0 });
});

it('saves by time and keeps the newest', async () => {
  const output = { ...config.output, checkpointMinutes: 1e-9, keepCheckpoints: 2, validationCount: 0 };
  const job = await training([6], { config: { ...config, output } });
  const end = await train(job);
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-5', 'step-6']);
  expect([end.best, readLog(job.run)[5].validation]).toEqual([undefined, undefined]);
});

it('a checkpoint that is asked for is written once', async () => {
  const reporter = watch();
  const job = await training([5], { reporter, checkpointOnDemand: (demand) => demand() });
  await train(job);
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-1', 'step-5']);
  expect(reporter.lines.at(-1)).toMatch(/^Checkpoints written: 2, in \d{1,2}\.\d % of the time\.$/);
});

it('a step whose line of the log is not on the disk has no checkpoint', async () => {
  vi.spyOn(RunLog.prototype, 'sync').mockRejectedValueOnce(new Error('EIO'));
  onTestFinished(() => void vi.restoreAllMocks());
  const warnings: string[] = [];
  const job = await training([3], {
    config: { ...config, output: { ...config.output, checkpointMinutes: 1e-9 } },
    reporter: { ...silent, warn: (line) => warnings.push(line) },
  });
  await train(job);
  expect(warnings).toEqual([expect.stringMatching(/^The checkpoint of step 1 cannot be written.*EIO/)]);
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-2', 'step-3']);
});

/** A network that does not learn. */
const frozen = () => tf.sequential({ name: 'B', layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });

it('an interrupt between two steps leaves a checkpoint with files of its own', async () => {
  const { checkpointMinutes: _, ...output } = config.output;
  const controller = new AbortController();
  const job = await training([100_000], {
    config: { ...config, output: { ...output, logEvery: 1_000_000, samplesEvery: 1_000_000 } },
    interrupt: controller.signal,
    checkpointOnDemand: (demand) => demand(),
  });
  Object.assign(job.method.networks, { B: frozen() });
  const trainable = job.method.begin(job.method.stages[0]);
  let passing: number | undefined;
  job.method.begin = () => ({
    ...trainable,
    inputs(batch) {
      const first = join(job.run.checkpoints, 'step-1', 'B.safetensors');
      passing ??= statSync(first, { throwIfNoEntry: false })?.ino;
      // After this step, when the loop lets other things happen.
      if (passing !== undefined) setImmediate(() => controller.abort());
      return trainable.inputs(batch);
    },
  });
  const end = await train(job);
  expect(end).toMatchObject({ complete: false, interrupted: true });
  expect(statSync(join(end.checkpoint, 'B.safetensors')).ino).not.toBe(passing);
});

it('checkpoints that pass share what has not changed, and change nothing', async () => {
  const { checkpointMinutes: _, ...output } = config.output;
  const often = { ...config, output: { ...output, logEvery: 1000, keepCheckpoints: 2 } };
  const reporter = watch();
  const calm = await training([12], { config: often, reporter });
  const job = await training([12], {
    config: often,
    checkpointOnDemand: (demand) => {
      save = demand;
    },
  });
  let save = () => {};
  for (const { method } of [calm, job]) Object.assign(method.networks, { B: frozen() });
  const trainable = job.method.begin(job.method.stages[0]);
  const files = new Map<string, number>();
  job.method.begin = () => ({
    ...trainable,
    inputs(batch) {
      save();
      for (const name of readdirSync(job.run.checkpoints).filter((entry) => /^step-\d+$/.test(entry))) {
        const status = statSync(join(job.run.checkpoints, name, 'B.safetensors'), { throwIfNoEntry: false });
        if (status) files.set(name, status.ino);
      }
      return trainable.inputs(batch);
    },
  });
  const [expected, end] = [await train(calm), await train(job)];
  // Where nothing else wants the numbers, so many steps may wait for them.
  expect(reporter.shown).toEqual({ 'stage 1': [8, 12] });
  expect(files.size).toBeGreaterThan(5);
  expect(new Set(files.values()).size).toBe(1);
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-11', 'step-12']);
  // The last one is to last, and has files of its own.
  expect([...files.values()]).not.toContain(statSync(join(end.checkpoint, 'B.safetensors')).ino);
  const [whole, other] = await Promise.all(
    [expected, end].map(({ checkpoint }) => readCheckpoint(checkpoint)),
  );
  expect(other.tensors.A).toEqual(whole.tensors.A);
  expect(readLog(job.run).map(({ step, losses }) => ({ step, losses }))).toEqual(
    readLog(calm.run).map(({ step, losses }) => ({ step, losses })),
  );
});

it('going on after a checkpoint that passes, and ending there, gives the bytes of one that was made to last', async () => {
  const { checkpointMinutes: _, ...output } = config.output;
  const changed = { ...config, output: { ...output, keepCheckpoints: 2, validationCount: 0 } };
  const whole = await train(await training([4], { config: changed, maxSteps: 2 }));
  const job = await training([4], {
    config: changed,
    checkpointOnDemand: (demand) => {
      save = demand;
    },
  });
  let save = () => {};
  const task = () => ({ update: () => save(), finish() {} });
  await train({ ...job, reporter: { ...silent, task }, maxSteps: 3 });
  // As where it was killed before that.
  rmSync(join(job.run.checkpoints, 'step-3'), { recursive: true });
  const from = await readCheckpoint(join(job.run.checkpoints, 'step-2'));
  expect(from.passing).toBe(true);
  const end = await train({
    ...(await training([4])),
    config: changed,
    run: job.run,
    from,
    interrupt: AbortSignal.abort(),
  });
  const files = (path: string) => readdirSync(path).map((name) => readFileSync(join(path, name)));
  expect(files(end.checkpoint)).toEqual(files(whole.checkpoint));
});

it('measures held-out samples at checkpoints, logs that, and keeps the best besides the newest', async () => {
  const output = { ...config.output, logEvery: 1000, checkpointMinutes: 1e-9, keepCheckpoints: 2 };
  const job = await training([12], { config: { ...config, output } });
  const fill = vi.spyOn(job.method, 'fill');
  const end = await train(job);
  // Filling is compiled, as steps are.
  expect(fill.mock.calls.length).toBeLessThan(3);
  const measured = readLog(job.run).map(({ step, validation }) => ({ step, l1: validation!['l1/hole'] }));
  expect(measured.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(new Set(measured.map(({ l1 }) => l1)).size).toBeGreaterThan(9);
  const best = measured.reduce((a, b) => (b.l1 < a.l1 ? b : a));
  const path = join(job.run.checkpoints, `step-${best.step}`);
  expect(end.best).toEqual({ step: best.step, value: best.l1, title: 'L1', path });
  expect(new Set(readdirSync(job.run.checkpoints))).toEqual(
    new Set(['step-11', 'step-12', `step-${best.step}`]),
  );
  const { metrics } = await readCheckpoint(end.best!.path);
  const number = expect.any(Number);
  expect(metrics).toEqual({
    'l1/hole': best.l1,
    'l1/image': number,
    'psnr/hole': number,
    'psnr/image': number,
  });
});

it.each([3, 5, 7])('going on from a checkpoint after %i steps ends in the same state', async (k) => {
  const whole = await train(await training([5, 6]));
  const first = await train(await training([5, 6], { maxSteps: k }));
  const from = await readCheckpoint(first.checkpoint);
  const job = await training([5, 6], { from });
  const reporter = watch();
  // A step that is saved is not saved again.
  await train({ ...job, reporter, maxSteps: k });
  expect(reporter.lines.at(-1)).toMatch(/^Checkpoints written: 0,/);
  const second = await train({ ...job, reporter });
  // Before the first step, which may take minutes.
  expect(Object.values(reporter.shown)[0][0]).toBe(from.stage.step);
  const [a, b] = await Promise.all([whole, second].map(({ checkpoint }) => readCheckpoint(checkpoint)));
  expect(b).toEqual(a);
  expect(readLog(job.run).map(({ step }) => step)).toEqual(
    Array.from({ length: 11 - k }, (_, i) => k + 1 + i),
  );
});

it('memory that runs out ends it with a clear error, the last checkpoint whole', async () => {
  class Hungry extends FakeMethod {
    override begin(stage: StagePlan): Trainable {
      const trainable = super.begin(stage);
      const seen = new Set<object>();
      return {
        ...trainable,
        inputs(batch) {
          // As TensorFlow says it, which tries for ten seconds before.
          if (seen.add(batch.image).size === 3)
            throw new Error('Invalid TF_Status: 8\nMessage: OOM when allocating tensor');
          return trainable.inputs(batch);
        },
      };
    }
  }
  const output = { ...config.output, checkpointMinutes: 1e-9 };
  const job = await training([6], { config: { ...config, output }, method: new Hungry([6]) });
  const failure = await train(job).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).toHaveProperty(
    'message',
    expect.stringMatching(/not enough memory[\s\S]*stage 1[\s\S]*OOM/),
  );
  expect((await readCheckpoint(join(job.run.checkpoints, 'step-2'))).step).toBe(2);
  expect(readdirSync(job.run.checkpoints).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('the last checkpoint is tried again when it cannot be written', async () => {
  const place = await training([2]);
  rmSync(place.run.checkpoints, { recursive: true });
  writeFileSync(place.run.checkpoints, 'a file');
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    rmSync(place.run.checkpoints);
  };
  const end = await train({ ...place, reporter: { ...silent, warn } });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/step 2 cannot be written \(1 of at most 3[\s\S]*There is none before it/);
  expect((await readCheckpoint(end.checkpoint)).step).toBe(2);
});

it('ends without a further checkpoint when another process has taken the run over', async () => {
  const output = { ...config.output, checkpointMinutes: 1e-9 };
  const job = await training([6], { config: { ...config, output } });
  const owner = { token: 'other', pid: 12, host: 'elsewhere', started: '1', since: 'now' };
  const update = (done: number) => {
    if (done === 3) writeFileSync(join(job.run.path, 'lock.json'), JSON.stringify(owner));
  };
  const reporter = { ...silent, task: () => ({ update, finish() {} }) };
  await expect(train({ ...job, reporter })).rejects.toThrow(
    /taken the run over[\s\S]*process 12 on elsewhere/,
  );
  expect(readdirSync(job.run.checkpoints).sort()).toEqual(['step-1', 'step-2']);
});

it('goes on where sample grids cannot be written', async () => {
  const job = await training([2]);
  rmSync(job.run.samples, { recursive: true });
  writeFileSync(job.run.samples, 'a file');
  const warnings: string[] = [];
  const reporter = { ...silent, warn: (message: string) => warnings.push(message) };
  expect(await train({ ...job, reporter })).toMatchObject({ step: 2, complete: true, grid: undefined });
  expect(warnings).toEqual([expect.stringMatching(/^A sample grid cannot be written: .*samples/)]);
});

it('leaves out stages of length 0, and refuses a plan of nothing else', async () => {
  const job = await training([0, 3, 0], { maxSteps: 3 });
  const reporter = watch();
  const end = await train({ ...job, reporter });
  expect(end).toMatchObject({ step: 3, complete: true });
  expect(reporter.shown).toEqual({ 'stage 2': [1, 2, 3] });
  expect(readLog(job.run).map(({ stage }) => stage)).toEqual(Array(3).fill('stage 2'));
  expect(() => makePlan(new FakeMethod([0, 0]), 7)).toThrow(/nothing to train/);
});

it('begins with the weights of another training, and says from then on what is trained', async () => {
  const first = await train(await training([3]));
  const initial = await readCheckpoint(first.checkpoint);
  expect(initial.trained).toEqual(['A']);
  const job = await training([0, 1], { initial });
  const begun = await train(job);
  const log = readLog(job.run);
  const afresh = await training([0, 1]);
  await train(afresh);
  expect(log[0].losses.difference).not.toBe(readLog(afresh.run)[0].losses.difference);
  expect((await readCheckpoint(begun.checkpoint)).trained).toEqual(['A']);
});

it('checkpoints say which networks have been trained: of stages that have begun and have steps', async () => {
  const job = await training([1, 0, 1, 1]);
  for (const name of ['B', 'C', 'D'])
    Object.assign(job.method.networks, {
      [name]: tf.sequential({ name, layers: [tf.layers.dense({ units: 2, inputShape: [3] })] }),
    });
  for (const [i, stage] of job.plan.stages.entries())
    Object.assign(stage.stage, { learns: ['A', 'B', 'C', 'D'].slice(i, i + 1) });
  await train(job);
  const trained = [1, 2, 3].map(async (step) => {
    const checkpoint = await readCheckpoint(join(job.run.checkpoints, `step-${step}`));
    return checkpoint.trained;
  });
  expect(await Promise.all(trained)).toEqual([['A'], ['A', 'C'], ['A', 'C', 'D']]);
});

it.each(['edit', 'synthesis'] as const)('the holes of its task: %s', async (task) => {
  const job = await training([3], { config: { ...config, task } });
  const trainable = job.method.begin(job.method.stages[0]);
  const shares: number[] = [];
  job.method.begin = () => ({
    ...trainable,
    inputs(batch) {
      shares.push(...tf.tidy(() => tf.mean(batch.hole, [1, 2, 3]).dataSync()));
      return trainable.inputs(batch);
    },
  });
  await train(job);
  expect(shares.length).toBeGreaterThan(5);
  expect(shares.filter((share) => (task === 'edit' ? share > 0 && share < 1 : share === 1))).toEqual(shares);
});

it('early stopping without held-out samples is refused', async () => {
  const stopping = {
    ...config,
    training: { ...config.training, earlyStopping: { everySteps: 1, patience: 3 } },
  };
  const samples = { ...data.samples, validation: [] };
  await expect(train(await training([2], { config: stopping, data: { ...data, samples } }))).rejects.toThrow(
    /Early stopping has nothing to measure[\s\S]*training\.earlyStopping/,
  );
});

it('a profile of some steps says what TensorFlow did when', async () => {
  const lines: string[] = [];
  // Steps whose numbers nobody has read yet count.
  const output = { ...config.output, logEvery: 100 };
  const job = await training([8], { profile: 2, config: { ...config, output } });
  const end = await train({ ...job, reporter: { ...silent, info: (line) => lines.push(line) } });
  expect(end).toMatchObject({ step: 8, complete: true });
  const [file, ...others] = readdirSync(join(job.run.path, 'profile'));
  expect([file, others]).toEqual(['step-5.json', []]);
  const { traceEvents } = JSON.parse(readFileSync(join(job.run.path, 'profile', file), 'utf8')) as {
    traceEvents: { name: string; dur?: number }[];
  };
  const [first, ...more] = lines
    .find((line) => line.startsWith('The time of a step'))!
    .split('\n')
    .slice(1);
  expect([more.length, more.at(-1)]).toEqual([12, expect.stringContaining('step-5.json')]);
  const [, ms, operation, calls] = /^ +([\d.]+) ms {2}(\w+) \(([\d.]+)\)$/.exec(first)!;
  // TensorFlow calls an operation NODE:OP. Two steps were profiled.
  const events = traceEvents.filter(({ name }) => name.split('#', 1)[0].endsWith(`:${operation}`));
  expect(Number(calls)).toBe(events.length / 2);
  expect(Number(ms)).toBeCloseTo(events.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1000 / 2, 0);
  expect(lines.join('\n')).toMatch(/ms {2}\w*Conv2D/);
});
