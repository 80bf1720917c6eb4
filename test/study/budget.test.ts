/** Every method has the same budget, and a run keeps the one that it was begun with. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { RunFolder } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { requireSameLengths, shareMinutes, usedBudget, usedSeconds } from '../../src/study/budget.ts';
import { readStudy } from '../../src/study/study-file.ts';
import type { Plan } from '../../src/train/plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'study-budget-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('stages share the minutes as their configuration says', () => {
  const sets = shareMinutes(readConfig('configs/study/dps.yaml'), 60);
  expect(sets).toEqual([
    'training.imageGenerator.duration.minutes=30',
    'training.levels.0.atFullRefinement.minutes=4.5',
    'training.levels.0.atDrawnRefinement.minutes=25.5',
  ]);
  expect(() => shareMinutes(readConfig('configs/quickstart.yaml'), 60)).toThrow(
    /configs\/quickstart\.yaml:\d+: training\.imageGenerator\.duration[\s\S]*minutes beside its steps/,
  );
});

it('a stage that is left out needs no minutes', () => {
  const without = readConfig('configs/study/dps.yaml', [
    'training.imageGenerator.duration={steps: 0}',
    'training.levels.0.atFullRefinement={epochs: 0}',
  ]);
  const all = shareMinutes(without, 7);
  expect(all).toContain('training.levels.0.atDrawnRefinement.minutes=7');
});

it.each(readStudy('configs/study/study.yaml').methods)(
  '%s learns for the budget on the common samples',
  (path) => {
    const { minutes, methods } = readStudy('configs/study/study.yaml');
    const loaded = readConfig(path);
    const { config } = loaded;
    const spent = shareMinutes(loaded, minutes).map((set) => Number(set.split('=')[1]));
    expect(spent.reduce((sum, value) => sum + value, 0)).toBeCloseTo(minutes, 6);
    // Its own minutes are the budget, so that a training without the study is the same.
    expect(readConfig(path, shareMinutes(loaded, minutes)).config).toEqual(config);
    expect(config.data).toEqual(readConfig(methods[0]).config.data);
    expect(config.training.ema).toBeDefined();
  },
);

it('a run of another budget is refused, and of the same one is not', () => {
  const path = 'configs/study/pconv.yaml';
  const at = (minutes: number) => readConfig(path, shareMinutes(readConfig(path), minutes)).config;
  const run = new RunFolder(join(folder, '00001-pconv'));
  requireSameLengths(at(20), at(20), run);
  expect(() => requireSameLengths(at(20), at(30), run)).toThrow(
    /another budget[\s\S]*00001-pconv[\s\S]*2 that differ:[\s\S]*training\.main\.duration\.minutes: 24, in the run 16[\s\S]*--out/,
  );
});

it('what a run has used is in its log, a line that is not whole left out', async () => {
  const run = new RunFolder(join(folder, '00002-used'));
  mkdirSync(run.path);
  expect(await usedSeconds(run)).toBe(0);
  const lines = [
    { step: 20, stage: 'a', stageStep: 20, stageSeconds: 5 },
    { step: 30, stage: 'a', stageStep: 30, stageSeconds: 7.5 },
    { step: 40, stage: 'b', stageStep: 10, stageSeconds: 2 },
  ];
  writeFileSync(run.log, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"step": 50, "sta`);
  const plan = {
    stages: [{ stage: { name: 'a', batch: 8 } }, { stage: { name: 'b', batch: 2, accumulate: 3 } }],
  };
  expect(await usedBudget(run, plan as unknown as Plan)).toEqual({
    steps: 40,
    images: 30 * 8 + 10 * 6,
    seconds: 9.5,
  });
  expect(await usedSeconds(run)).toBe(9.5);
});
