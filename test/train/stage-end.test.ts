import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint } from '../../src/core/checkpoint.ts';
import type { StagePlan } from '../../src/core/method.ts';
import { createRunFolder } from '../../src/core/run-folder.ts';
import type { Batch, PreparedData } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { type TensorFlow, tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { StepRecord } from '../../src/train/log.ts';
import { train } from '../../src/train/loop.ts';
import { describePlan, makePlan } from '../../src/train/plan.ts';
import { isFinished } from '../../src/train/resume.ts';
import { StageClock, stageEnd } from '../../src/train/stage-end.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';

const lower = { key: 'l1/hole', title: 'L1', better: 'lower' } as const;
const higher = { key: 'psnr/hole', title: 'PSNR', better: 'higher' } as const;

describe('a stage', () => {
  it('ends when the clock is past its minutes, counted over all processes', () => {
    let time = 5000;
    const now = () => time;
    const planned = { steps: 100, minutes: 2 };
    const options = { planned, earlyStopping: undefined, criterion: lower, from: undefined, now };
    const first = new StageClock(options);
    time += 90_000;
    expect(first.end(3)).toBeUndefined();
    first.tick();
    expect(first.end(3)).toBeUndefined();
    expect(first.describe()).toEqual(['1.5 of 2 min']);
    expect(first.state()).toEqual({ seconds: 90 });
    // Hours pass between two processes.
    time += 1e7;
    const second = new StageClock({ ...options, from: { step: 3, ...first.state() } });
    second.tick();
    expect(second.end(3)).toBeUndefined();
    time += 30_000;
    // Not before it looks at the clock.
    expect(second.end(4)).toBeUndefined();
    second.tick();
    expect(second.end(4)).toMatch(/2 minutes are over/);
    expect(second.end(100)).toMatch(/all of its steps/);
  });

  it('is over at once where a checkpoint says so', () => {
    const options = { planned: { steps: 9, minutes: 2 }, earlyStopping: undefined, criterion: undefined };
    expect(new StageClock({ ...options, from: { step: 3, seconds: 120 } }).end(3)).toMatch(/2 minutes/);
    expect(new StageClock({ ...options, from: { step: 3, seconds: 119 } }).end(3)).toBeUndefined();
  });

  it('that is to have all its steps measures nothing, and its checkpoints say no more', () => {
    const planned = { steps: 9 };
    const options = { planned, earlyStopping: undefined, criterion: undefined, from: undefined };
    const clock = new StageClock(options);
    clock.measured(5, { 'l1/hole': 1 });
    expect([clock.measures(5), clock.lacks(5), clock.state(), clock.describe()]).toEqual([
      false,
      false,
      {},
      [],
    ]);
    // As with early stopping before, which has been taken out of the configuration.
    const patience = { metric: 'l1/hole', step: 5, waited: 99 };
    expect(stageEnd({ step: 5, patience }, planned, undefined)).toBeUndefined();
  });

  it('lacks a measurement only where one was due', () => {
    const earlyStopping = { everySteps: 10, patience: 3 };
    const clock = new StageClock({
      planned: { steps: 99 },
      earlyStopping,
      criterion: lower,
      from: undefined,
    });
    expect([0, 9, 10, 11, 20].map((step) => clock.lacks(step))).toEqual([false, false, true, false, true]);
    expect(clock.elapsed).toBeGreaterThanOrEqual(0);
  });

  it.each([
    [lower, [5, 4, 4, 3, 3.5, undefined, 2.9, 3, 3, 3], 9],
    [higher, [1, 2, 3, 3, 2, 1, 9, 9, 9], 5],
    [lower, [undefined, undefined, undefined, 1], 2],
  ])('ends when %o gets no better: %j', (criterion, values, last) => {
    const options = {
      planned: { steps: 1000 },
      earlyStopping: { everySteps: 10, patience: 3 },
      criterion,
      from: undefined,
    };
    let clock = new StageClock(options);
    for (const [i, value] of values.entries()) {
      const step = 10 * (i + 1);
      expect(clock.measures(step - 1)).toBe(false);
      expect(clock.measures(step)).toBe(true);
      expect(clock.lacks(step)).toBe(true);
      clock.measured(step, value === undefined ? undefined : { [criterion.key]: value });
      expect(clock.lacks(step)).toBe(false);
      if (i === last) {
        expect(clock.end(step)).toContain(criterion.key);
        return;
      }
      expect(clock.end(step)).toBeUndefined();
      // Another process goes on.
      clock = new StageClock({ ...options, from: { step, ...clock.state() } });
    }
    expect.unreachable();
  });
});

/** L1 inside the hole is the lowest for grey, and grows with the distance from it. */
const GREYS = [0.9, 0.7, 0.8, 0.6, 0.65, 0.7, 0.75, 0.1, 0.1, 0.1];

/** After each of its steps it fills holes with another grey. */
class Greys extends FakeMethod {
  onStep: (step: number) => void = () => {};
  #step: number;

  constructor(steps: number[], from?: Checkpoint) {
    super(steps);
    this.#step = from?.stage.step ?? 0;
  }

  override begin(stage: StagePlan) {
    const trainable = super.begin(stage);
    return {
      ...trainable,
      step: (...args: Parameters<typeof trainable.step>) => {
        this.#step += 1;
        this.onStep(this.#step);
        return trainable.step(...args);
      },
    };
  }

  override fill({ image }: Batch): TensorFlow.Tensor4D {
    return tf.fill(image.shape, GREYS[this.#step - 1]);
  }
}

describe('a training', () => {
  let folder: string;
  let data: PreparedData;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stage-end-'));
    data = await makePairs(join(folder, 'pairs'), 7);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function run(
    sets: string[],
    minutes: (number | undefined)[],
    changes: { from?: Checkpoint; maxSteps?: number; interruptAt?: number } = {},
  ) {
    const output = 'output={logEvery: 1, samplesEvery: 100, checkpointMinutes: 60, keepCheckpoints: 9}';
    const { config } = readConfig('configs/smoke.yaml', [output, 'runtime.compile=false', ...sets]);
    const method = new Greys(
      minutes.map(() => 9),
      changes.from,
    );
    for (const [i, value] of minutes.entries()) Object.assign(method.stages[i].duration, { minutes: value });
    const plan = makePlan(method, data.samples.train.length);
    const place = await createRunFolder(join(folder, 'runs'), config);
    const lines: string[] = [];
    const controller = new AbortController();
    method.onStep = (step) => {
      if (step === changes.interruptAt) controller.abort();
    };
    const interrupt = controller.signal;
    const reporter = { ...silent, info: (line: string) => lines.push(line) };
    const end = await train({ config, method, data, plan, run: place, reporter, interrupt, ...changes });
    const log = readFileSync(place.log, 'utf8').trim().split('\n').filter(Boolean);
    const records = log.map((line) => JSON.parse(line) as StepRecord);
    const { from } = changes;
    // Where nothing was left to do nothing is saved.
    const checkpoint = from?.step === end.step ? from : await readCheckpoint(end.checkpoint);
    const finished = isFinished(checkpoint, plan, config.training.earlyStopping);
    method.dispose();
    return { end, lines, records, checkpoint, plan, finished };
  }

  const whatCheckpointsTook = expect.stringMatching(/^Checkpoints written: \d+, in [\d.]+ % of the time\.$/);

  it('leaves a stage whose minutes are over, with a line, a checkpoint and a grid; the plan says so', async () => {
    const { end, lines, records, finished, plan } = await run([], [1e-9, undefined]);
    expect(end).toMatchObject({ step: 10, complete: true });
    expect(records.map(({ stage }) => stage)).toEqual(['stage 1', ...Array(9).fill('stage 2')]);
    expect(lines).toEqual([
      'stage 1 ends after 1 of 9 steps: its 1e-9 minutes are over (duration.minutes).',
      whatCheckpointsTook,
    ]);
    expect(finished).toBe(true);
    expect(describePlan(plan).join('\n')).toMatch(/stage 1 +9, at most 1e-9 min/);
  });

  it('goes on counting when it is resumed', async () => {
    const { checkpoint } = await run([], [10], { maxSteps: 3 });
    const { seconds = Number.NaN, ...stage } = checkpoint.stage;
    expect(seconds).toBeGreaterThan(0);
    const early = await run([], [10], { from: checkpoint });
    expect(early).toMatchObject({ end: { step: 9, complete: true } });
    const from = { ...checkpoint, stage: { ...stage, seconds: 600 } };
    const late = await run([], [10], { from });
    expect(late).toMatchObject({ end: { step: 3, complete: true } });
    expect(late.lines[0]).toMatch(/ends after 3 of 9 steps/);
  });

  it('stops where validation gets no better, at the same step when it is resumed', async () => {
    const sets = ['training.earlyStopping={everySteps: 1, patience: 3}'];
    const whole = await run(sets, [undefined]);
    const values = whole.records.map(({ validation }) => validation?.['l1/hole'] as number);
    const best = Math.min(...values);
    expect(values.indexOf(best)).toBe(3);
    expect(values).toHaveLength(7);
    expect(whole).toMatchObject({ end: { step: 7, complete: true, best: { step: 4 } }, finished: true });
    expect(whole.lines).toEqual([
      `stage 1 ends after 7 of 9 steps: l1/hole was no better than ${best.toPrecision(4)} in the last 3 measurements (training.earlyStopping).`,
      whatCheckpointsTook,
    ]);
    expect(whole.checkpoint.stage.patience).toEqual({ metric: 'l1/hole', best, waited: 3, step: 7 });
    for (const maxSteps of [2, 5, 6]) {
      const { checkpoint: from, finished } = await run(sets, [undefined], { maxSteps });
      expect(finished).toBe(false);
      const resumed = await run(sets, [undefined], { from });
      expect(resumed.checkpoint).toEqual(whole.checkpoint);
    }
    // An interrupt leaves no time to measure, which is made up for.
    const interrupted = await run(sets, [undefined], { interruptAt: 6 });
    expect(interrupted.checkpoint.stage.patience).toMatchObject({ step: 5, waited: 1 });
    const { checkpoint } = await run(sets, [undefined], { from: interrupted.checkpoint });
    expect(checkpoint).toEqual(whole.checkpoint);
    // Only every second step counts: 0.7, 0.6, 0.7, 0.1.
    expect((await run(['training.earlyStopping={everySteps: 2, patience: 2}'], [undefined])).end.step).toBe(
      9,
    );
  });

  it('that cannot measure is refused', () => {
    const bad = (set: string) => () =>
      readConfig('configs/smoke.yaml', ['training.earlyStopping={patience: 3}', set]);
    expect(bad('output.validationCount=0')).toThrow(/training\.earlyStopping[\s\S]*above 0/);
    expect(bad('data.split.validation=0')).toThrow(/nothing to measure/);
    const minutes = () => readConfig('configs/smoke-pix2pix.yaml', ['training.duration.minutes=0']);
    expect(minutes).toThrow(/training\.duration/);
    const { config } = readConfig('configs/smoke-pix2pix.yaml', ['training.duration.minutes=0.5']);
    expect(config.training).toMatchObject({ duration: { steps: 8, minutes: 0.5 } });
  });
});
