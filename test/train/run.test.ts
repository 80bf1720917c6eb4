import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tf } from '../../src/ops/tf.ts';
import { planRun, trainRun } from '../../src/train/run.ts';
import { recorder, temporaryFolder } from '../data/support.ts';

const folder = await temporaryFolder();
const config = 'configs/smoke.yaml';

describe('a plan', () => {
  it('counts the samples of all sources without those that are held out, and leaves no tensor behind', async () => {
    const tensors = tf.memory().numTensors;
    const epochs = 'training.imageGenerator.duration={epochs: 3}';
    const one = await planRun({ config, sets: ['data.source.count=40', epochs] });
    // 70 % of 40 samples are 14 batches of two.
    expect(one.plan.stages[0].steps).toBe(3 * 14);
    expect(one.config.name).toBe('smoke');
    const photos = 'test/fixtures/earlier-run/photos';
    const source = `data.source=[{kind: faces, name: x, count: 20}, {kind: folder, name: y, path: ${photos}}]`;
    const two = await planRun({ config, sets: [source, epochs] });
    expect(two.plan.stages[0].steps).toBe(3 * 11);
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
    ['nothing to train', {}, /What is to be trained\?/],
    ['runs in a file', { config, runs: join(folder, 'file') }, /--runs/],
    ['weights that are not there', { config, sets: [...sets, 'training.initialWeights=gone'] }, /gone/],
  ])('%s is an error', async (_, options, message) => {
    writeFileSync(join(folder, 'file'), '');
    const reporter = recorder();
    await expect(trainRun({ sets, runs, reporter, ...options })).rejects.toThrow(message);
    expect(existsSync(cache)).toBe(false);
  });
});

describe('a run', () => {
  const runs = join(folder, 'runs');
  const short = [
    `data.cache=${join(folder, 'short')}`,
    'model.levels=1',
    'model.width=2',
    'training.imageGenerator={duration: {steps: 1}, batch: 2, holePool: 2}',
    'training.levels=[{batch: 2, atFullRefinement: {steps: 1}, atDrawnRefinement: {steps: 1}, holePool: 2}]',
    'data.split={validation: 0.2, test: 0.2}',
    'output.validationCount=2',
    'output.testCount=2',
    'output.sampleCount=1',
    'runtime.compile=false',
  ];

  it('that has ended is measured again where its table is gone', async () => {
    const reporter = recorder();
    const begun: string[] = [];
    const first = await trainRun({ config, sets: short, runs, reporter, onRun: (path) => begun.push(path) });
    const { run, plan } = first;
    expect(begun).toEqual([run.path]);
    expect(reporter.infos).toContain(`Run: ${run.path}`);
    expect(first.end).toMatchObject({ step: 3, complete: true, interrupted: false });
    expect(plan.steps).toBe(3);
    const written = readFileSync(run.table);
    expect(first.table).toEqual(JSON.parse(written.toString()));
    expect(first.table).toMatchObject({ split: 'test', samples: 2 });

    rmSync(run.table);
    const again = await trainRun({ resume: 'latest', runs, reporter });
    expect(reporter.infos).toContain('This run is complete: all 3 steps are done.');
    const { checkpoint, step, complete, interrupted, best } = first.end;
    expect(again.end).toEqual({ checkpoint, step, complete, interrupted, best, grid: undefined });
    expect(again.table).toEqual(first.table);
    expect(readFileSync(run.table)).toEqual(written);
    expect(existsSync(join(run.path, 'lock.json'))).toBe(false);
  });
});
