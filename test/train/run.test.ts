import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../src/core/checkpoint.ts';
import { nativeBackend } from '../../src/ops/raw.ts';
import { tf } from '../../src/ops/tf.ts';
import { planRun, type TrainRunOptions, trainRun } from '../../src/train/run.ts';
import { recorder, temporaryFolder } from '../data/support.ts';
import { makePairs } from './pairs.ts';

const folder = await temporaryFolder();
const config = 'configs/smoke.yaml';

describe('a plan', () => {
  it('counts the samples of all sources without those that are held out, and leaves no tensor behind', async () => {
    const tensors = tf.memory().numTensors;
    const reporter = recorder();
    const alone = ['model.imageGenerator.norm=batch', 'training.imageGenerator.batch=1'];
    await planRun({ config, sets: alone, reporter });
    expect(reporter.warnings).toEqual([expect.stringContaining('training.imageGenerator.batch is 1')]);
    const epochs = 'training.imageGenerator.duration={epochs: 3}';
    const one = await planRun({ config, sets: ['data.source.count=40', epochs] });
    // 70 % of 40 samples are 14 batches of two.
    expect(one.plan.stages[0].steps).toBe(3 * 14);
    expect((await planRun({ config })).config.name).toBe('smoke');
    const photos = join(folder, 'photos');
    mkdirSync(photos);
    writeFileSync(join(photos, 'a.jpg'), '');
    writeFileSync(join(photos, 'a.heic'), '');
    const source = `data.source=[{kind: faces, name: x, count: 19}, {kind: folder, name: y, path: ${photos}}]`;
    const two = await planRun({ config, sets: [source, epochs], reporter });
    expect(two.plan.stages[0].steps).toBe(3 * 7);
    expect(reporter.warnings.slice(1)).toEqual([expect.stringContaining(`Left out in ${photos}`)]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('is none where a batch is larger than what is left to train on', async () => {
    const planned = planRun({ config, sets: ['data.source.count=10', 'training.levels.0.batch=8'] });
    await expect(planned).rejects.toThrow(/A batch is larger than the data[\s\S]*at most 7,/);
  });
});

describe('before data are prepared', () => {
  const cache = join(folder, 'cache');
  const sets = [`data.cache=${cache}`];
  const runs = join(folder, 'runs');

  it.each<[string, object, RegExp]>([
    ['nothing to train', {}, /What is to be trained\?[\s\S]*--config FILE.*--resume RUN/],
    ['runs in a file', { config, runs: join(folder, 'file') }, /--runs/],
    ['weights that are not there', { config, sets: [...sets, 'training.initialWeights=gone'] }, /gone/],
    [
      'weights in a folder that has none',
      { config, sets: [...sets, `training.initialWeights=${folder}`] },
      /no checkpoint[\s\S]*a folder without/,
    ],
  ])('%s is an error', async (_, options, message) => {
    writeFileSync(join(folder, 'file'), '');
    const reporter = recorder();
    await expect(trainRun({ sets, runs, reporter, ...options })).rejects.toThrow(message);
    expect(existsSync(cache)).toBe(false);
  });
});

describe('a run', () => {
  const runs = join(folder, 'runs');
  const small = 'configs/smoke-pix2pix.yaml';
  let short: string[];
  beforeAll(async () => {
    await makePairs(join(folder, 'pairs'), 6);
    // Pairs have their sketches, so that no edges need to be detected.
    short = [
      `data.source={kind: celeba-hq, path: ${join(folder, 'pairs')}}`,
      `data.cache=${join(folder, 'pairs-cache')}`,
      'data.split={validation: 0.25, test: 0.25}',
      'model={width: 2, depth: 6, discriminatorWidth: 2}',
      'training={duration: {steps: 3}, batch: 2, holePool: 2}',
      'output={logEvery: 1, samplesEvery: 100, sampleCount: 1, validationCount: 1, testCount: 1}',
      'runtime.compile=false',
    ];
  });
  const isLocked = (run: string) => existsSync(join(run, 'lock.json'));

  it('that has ended is measured again where its table is gone, and leaves nothing behind', async () => {
    const tensors = tf.memory().numTensors;
    const reporter = recorder();
    const begun: string[] = [];
    const first = await trainRun({
      config: small,
      sets: short,
      runs,
      reporter,
      onRun: (path) => {
        expect(isLocked(path)).toBe(true);
        begun.push(path);
      },
    });
    const { run, plan } = first;
    expect(begun).toEqual([run.path]);
    expect(reporter.infos).toContain(`Run: ${run.path}`);
    expect(reporter.infos).toContain('Steps in all: 3');
    expect(reporter.warnings).toEqual([]);
    expect(first.end).toMatchObject({ step: 3, complete: true, interrupted: false });
    expect(plan.steps).toBe(3);
    const written = readFileSync(run.table);
    expect(first.table).toEqual(JSON.parse(written.toString()));
    expect(first.table).toMatchObject({ split: 'test', samples: 1 });

    // A table that is there is not made anew.
    writeFileSync(run.table, written.toString().replace('"samples": 1', '"samples": 9'));
    expect((await trainRun({ resume: run.path })).table).toMatchObject({ samples: 9 });
    rmSync(run.table);
    const again = await trainRun({ resume: 'latest', runs, reporter });
    expect(reporter.infos).toContain('This run is complete: all 3 steps are done.');
    expect(reporter.infos).toContain('Goes on after step 3 of 3: pix2pix, step 3');
    const { checkpoint, step, complete, interrupted, best } = first.end;
    expect(best).toMatchObject({ step: 3 });
    expect(again.end).toEqual({ checkpoint, step, complete, interrupted, best, grid: undefined });
    expect(again.table).toEqual(first.table);
    expect(readFileSync(run.table)).toEqual(written);
    expect(isLocked(run.path)).toBe(false);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('ends early where it is told to, goes on, and is refused other data and another past', async () => {
    const asked: boolean[] = [];
    let demand: (() => void) | undefined;
    const signal = () => {
      asked.push(true);
      return new AbortController().signal;
    };
    const { run, end, table } = await trainRun({
      config: small,
      sets: [...short, 'training.duration={steps: 5}'],
      runs,
      maxSteps: 4,
      signal,
      profile: 1,
      checkpointOnDemand: (given) => {
        demand = given;
      },
    });
    expect(end).toMatchObject({ step: 4, complete: false });
    expect([asked, typeof demand, table]).toEqual([[true], 'function', undefined]);
    expect(readdirSync(join(run.path, 'profile'))).toEqual(['step-4.json']);
    const resume = (more: string[], options: Partial<TrainRunOptions> = {}) =>
      trainRun({ resume: run.path, sets: more, ...options });
    await expect(resume([`data.exclude=${join(folder, 'exclude.txt')}`])).rejects.toThrow(/exclude/);
    writeFileSync(join(folder, 'exclude.txt'), `${(await trainingSamples(run.trainingSamples))[0]}\n`);
    await expect(resume([`data.exclude=${join(folder, 'exclude.txt')}`])).rejects.toThrow(
      /samples have changed/,
    );
    await expect(resume(['training.duration={steps: 3}'])).rejects.toThrow(/stages do not fit/);
    const reporter = recorder();
    const unmeasured = 'output.validationCount=0';
    const elsewhere = `data.cache=${join(folder, 'other-cache')}`;
    await expect(resume([elsewhere], { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    const later = await resume([unmeasured], { signal: () => AbortSignal.abort(), reporter });
    expect(later.end).toMatchObject({ step: 4, interrupted: true });
    expect(reporter.infos).toContain('Goes on after step 4 of 5: pix2pix, step 4');
    const now = await resume([unmeasured], { signal: AbortSignal.abort() });
    expect(now.end).toMatchObject({ step: 4, interrupted: true });
    const shortened = await resume([unmeasured, 'training.duration={steps: 4}'], {
      reporter,
    });
    expect(shortened.end).toMatchObject({ step: 4, complete: true, best: undefined });
    expect(readFileSync(run.config, 'utf8')).toMatch(/steps: 4\b/);
    expect(isLocked(run.path)).toBe(false);
  });

  it('whose time is over is complete before its last step; without held-out samples there is no table', async () => {
    const reporter = recorder();
    const sets = [
      ...short,
      'data.split={validation: 0, test: 0}',
      'training.duration={steps: 3, minutes: 1e-9}',
    ];
    const { run, table } = await trainRun({ config: small, sets, runs, reporter });
    expect(table).toBeUndefined();
    expect(existsSync(run.table)).toBe(false);
    expect(reporter.warnings).toContain('No held-out samples: data.split leaves none, so there is no table.');
    const { end } = await trainRun({ resume: run.path, reporter });
    expect(end.step).toBe(1);
    expect(reporter.infos).toContain('This run is complete: all its stages are over, after 1 steps.');
    expect(reporter.warnings.filter((text) => text.startsWith('No held-out samples'))).toHaveLength(2);
  });

  it('is deterministic on a GPU where that is asked for, and then says so', async () => {
    const backend = nativeBackend();
    const { isUsingGpuDevice, binding } = backend;
    const told: boolean[] = [];
    const setDeterministic = { value: (on: boolean) => told.push(on) };
    Object.assign(backend, { binding: Object.create(binding, { setDeterministic }) });
    onTestFinished(() => void Object.assign(backend, { isUsingGpuDevice, binding }));
    const reporter = recorder();
    const onRun = () => {
      throw new Error('enough');
    };
    for (const [isGpu, asked] of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      Object.assign(backend, { isUsingGpuDevice: isGpu });
      const sets = [...short, `runtime.deterministic=${asked}`];
      await expect(trainRun({ config: small, sets, runs, reporter, onRun })).rejects.toThrow('enough');
    }
    expect(told).toEqual([true, false, false]);
    expect(reporter.infos.filter((text) => text.includes('runtime.deterministic'))).toHaveLength(1);
  });

  it('begins with trained weights of another; where it fails it is said how to go on', async () => {
    const sets = [...short, 'data.split={validation: 0.25, test: 0}'];
    const first = await trainRun({ config: small, sets, runs });
    expect(first.table).toMatchObject({ split: 'validation' });
    const reporter = recorder();
    const { tensors, ...head } = await readCheckpoint(first.end.checkpoint);
    /** Begins with the weights of the first run, of which these are said to be trained, and fails then. */
    const begin = async (trained: string[] | undefined) => {
      const path = await writeCheckpoint(join(folder, 'initial'), { ...head, trained }, tensors);
      let run = '';
      const failing = trainRun({
        config: small,
        sets: [...sets, `training.initialWeights=${path}`],
        runs,
        reporter,
        onRun: (path) => {
          run = path;
        },
        checkpointOnDemand: () => {
          throw new Error('no more');
        },
      });
      await expect(failing).rejects.toThrow('no more');
      expect(reporter.infos.at(-1)).toMatch(/^To go on from the last checkpoint: .*train.*--resume.*runs/);
      expect(reporter.infos.at(-2)).toMatch(path);
      return { run, said: reporter.infos.at(-2)?.replace(/ from .*/, '') };
    };
    expect((await begin(['G'])).said).toBe('Begins with the weights of G');
    expect((await begin([])).said).toBe('Begins with the weights of no network');
    const { run, said } = await begin(undefined);
    expect(said).toBe('Begins with the weights of G, D');
    // It has no checkpoint yet.
    const { end } = await trainRun({ resume: run, maxSteps: 1, reporter });
    expect(end.step).toBe(1);
    expect(reporter.warnings).toEqual([expect.stringContaining('begins again')]);
  });
});

const trainingSamples = async (file: string): Promise<string[]> => JSON.parse(readFileSync(file, 'utf8'));
