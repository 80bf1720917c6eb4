import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeCheckpoint } from '../../src/core/checkpoint.ts';
import { defaultCheckpoint, resolveCheckpoint } from '../../src/core/choose-checkpoint.ts';
import { silent } from '../../src/runtime/progress.ts';

let folder: string;
let runs: string;
let pretrained: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choose-'));
  runs = join(folder, 'runs');
  pretrained = join(folder, 'pretrained');
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeRun(name: string, ...steps: number[]): string {
  const run = join(runs, name);
  for (const step of ['', ...steps.map((step) => `step-${step}`)])
    mkdirSync(join(run, 'checkpoints', step), { recursive: true });
  writeFileSync(join(run, 'config.yaml'), '');
  return run;
}

function makeModel(name: string): string {
  const model = join(pretrained, name);
  mkdirSync(model, { recursive: true });
  writeFileSync(join(model, 'manifest.json'), '{}');
  return model;
}

describe('a checkpoint that is named', () => {
  const resolved = (path: string) => resolveCheckpoint(path, pretrained);

  it('is a run, which stands for its newest, a checkpoint or its manifest', async () => {
    const run = makeRun('00001-a', 2, 10, 9);
    const newest = join(run, 'checkpoints', 'step-10');
    writeFileSync(join(newest, 'manifest.json'), '{}');
    for (const path of [run, newest, join(newest, 'manifest.json')])
      expect(await resolved(path)).toBe(newest);
  });

  it('is a model that ships, by its name or path, also one without its manifest', async () => {
    const model = makeModel('portraits');
    for (const path of ['portraits', model, `${model}/`]) expect(await resolved(path)).toContain(model);
    rmSync(join(model, 'manifest.json'));
    for (const path of ['portraits', model, `${model}/`]) expect(await resolved(path)).toContain(model);
  });

  it('is said to be missing, with the models that there are', async () => {
    const run = makeRun('00001-a');
    await expect(resolved(run)).rejects.toThrow(/no checkpoint.*a folder without checkpoints/s);
    await expect(resolved(join(run, 'x'))).rejects.toThrow(/nothing of that name/);
    makeModel('portraits');
    await expect(resolved('portrait')).rejects.toThrow(
      /a model of .*pretrained: portraits.*nothing of that/s,
    );
  });
});

describe('where no checkpoint is named', () => {
  const never = () => expect.fail('it is not asked');
  const chosen = () => defaultCheckpoint(silent, never, { runs, pretrained });

  it('the newest run is taken, and comes before a model that ships', async () => {
    makeModel('portraits');
    makeRun('00001-a', 1);
    const newest = makeRun('00002-b', 5);
    expect(await chosen()).toBe(newest);
  });

  it('the only model that ships is taken where the newest run has no checkpoint, and it is said', async () => {
    const said: string[] = [];
    const model = makeModel('portraits');
    makeRun('00001-a');
    const reporter = { ...silent, info: (text: string) => void said.push(text) };
    expect(await defaultCheckpoint(reporter, never, { runs, pretrained })).toBe(model);
    expect(said).toEqual([expect.stringContaining(model)]);
  });

  it('the newest run that is trained far enough is taken, or the newest that is begun, and it is said', async () => {
    const said: string[] = [];
    const reporter = { ...silent, info: (text: string) => void said.push(text) };
    const weight = ['w', { shape: [1], data: new Float32Array(1) }] as const;
    const checkpointOf = async (name: string, ...trained: string[]) => {
      const stage = { index: 0, name: 'A', step: 1 };
      const head = { step: 1, stage, config: {}, random: {}, metrics: {}, trained };
      await writeCheckpoint(join(makeRun(name), 'checkpoints'), head, {
        A: [weight],
        B: [weight],
        stage: [],
      });
    };
    makeModel('portraits');
    await checkpointOf('00001-all', 'A', 'B');
    await checkpointOf('00002-enough', 'A');
    await checkpointOf('00003-not', 'B');
    makeRun('00004-empty');
    const asked: string[] = [];
    const choose = (enough: (path: string) => boolean) => {
      const canPredict = async (path: string) => {
        asked.push(path);
        return enough(path);
      };
      return defaultCheckpoint(reporter, canPredict, { runs, pretrained });
    };
    expect(await choose((path) => path.includes('enough'))).toBe(join(runs, '00002-enough'));
    expect(asked).toEqual(
      ['00003-not', '00002-enough'].map((name) => join(runs, name, 'checkpoints', 'step-1')),
    );
    expect(await choose(() => false)).toBe(join(runs, '00001-all'));
    rmSync(join(runs, '00001-all'), { recursive: true });
    expect(await choose(() => false)).toBe(join(pretrained, 'portraits'));
    rmSync(join(runs, '00004-empty'), { recursive: true });
    expect(await choose(() => false)).toBe(join(runs, '00003-not'));
    expect(said.map((text) => text.replace(/.*: /, '').replace(runs, 'runs'))).toEqual([
      'the newest run that is trained far enough is taken, runs/00002-enough.',
      'the newest run that is trained far enough is taken, runs/00001-all.',
      expect.stringMatching(/^the model .*portraits is taken\.$/),
      'the newest run is taken, runs/00003-not.',
    ]);
  });

  it('of several models none is taken', async () => {
    makeModel('b');
    makeModel('a');
    await expect(chosen()).rejects.toThrow(/Which model.*--checkpoint.*2 models: a, b/s);
  });

  it('it is said how to get one', async () => {
    await expect(chosen()).rejects.toThrow(
      /no trained model.*no run.*npm run train.*npm run import.*--checkpoint/s,
    );
    makeRun('00001-a');
    await expect(chosen()).rejects.toThrow(/a run without a checkpoint/);
  });
});
