import { expect, it } from 'vitest';
import type { CheckpointHead } from '../../src/core/checkpoint.ts';
import { RunFolder } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';
import type { Plan } from '../../src/train/plan.ts';
import {
  isFinished,
  leaves,
  requireSamePast,
  requireSameSamples,
  requireSameTraining,
  sampleIdentity,
  writeSampleIds,
} from '../../src/train/resume.ts';
import { temporaryFolder } from '../data/support.ts';

const folder = await temporaryFolder();
const run = new RunFolder('/runs/00001-smoke');
/** A run with the configuration of the first that goes on with that of the second. */
const goesOn = (before: string[], after: string[]) => () => {
  const [trained, config] = [before, after].map((sets) => readConfig('configs/smoke.yaml', sets).config);
  requireSameTraining(trained, config, run);
};

it.each([
  'name=other',
  'output.logEvery=9',
  'runtime.compile=false',
  'data.ahead=9',
  'data.cache=/elsewhere',
  'data.exclude=list.txt',
  'training.maxBadSteps=9',
  'training.initialWeights=gone',
  'loss.perceptual.weights=elsewhere.safetensors',
  'training.imageGenerator.duration={epochs: 2}',
  'training.levels.0.atDrawnRefinement={steps: 9, minutes: 3}',
])('%s may change', (set) => {
  expect(goesOn([], [set])).not.toThrow();
});

it('places of data may change, of one source or of several', () => {
  const one = (path: string) => [`data.source={kind: folder, path: ${path}}`];
  expect(goesOn(one('/a'), one('/b'))).not.toThrow();
  const several = (path: string) => [
    `data.source=[{kind: folder, name: x, path: ${path}}, {kind: folder, name: y, path: /c}]`,
  ];
  expect(goesOn(several('/a'), several('/b'))).not.toThrow();
  expect(goesOn(one('/a'), ['data.source={kind: tar, path: /a}'])).toThrow(
    /data\.source\.kind: "tar", in the run "folder"/,
  );
});

it.each([
  ['seed=3', /seed: 3, in the run 1/],
  ['resolution=128', /resolution: 128, in the run 64/],
  ['training.levels.0.batch=2', /training\.levels\.0\.batch: 2, in the run 4/],
  ['training.ema={}', /training\.ema\.decay: 0\.999, in the run nothing/],
  ['data.augment.mirror=false', /data\.augment\.mirror: false, in the run true/],
])('%s may not, and both values are told', (set, message) => {
  expect(goesOn([], [set])).toThrow(message);
  expect(goesOn([], [set])).toThrow(/00001-smoke[\s\S]*without --resume/);
});

it('a key that is gone is told', () => {
  expect(goesOn(['training.ema={}'], [])).toThrow(
    /1 that differ[\s\S]*ema\.decay: nothing, in the run 0\.999/,
  );
});

it('leaves are values by the keys that lead to them', () => {
  const found = leaves({ a: { b: [1, { c: null }], d: undefined }, e: 'x' });
  expect([...found]).toEqual([
    ['a.b.0', '1'],
    ['a.b.1.c', 'null'],
    ['e', '"x"'],
  ]);
});

const headAt = (index: number, step: number, more: Partial<CheckpointHead> = {}): CheckpointHead => ({
  step: 9,
  stage: { index, name: `stage ${index + 1}`, step },
  config: {},
  random: {},
  metrics: {},
  ...more,
});
const planOf = (...steps: number[]) =>
  ({
    stages: steps.map((count, index) => ({ stage: { name: `stage ${index + 1}` }, steps: count })),
  }) as unknown as Plan;

it('of the samples that are missing or new three are named', async () => {
  const of = (ids: string) => [...ids].map((id) => ({ id, pairPath: '' }));
  const written = new RunFolder(folder);
  const from = headAt(0, 1, { trainingSamples: sampleIdentity(of('abcde')) });
  await writeSampleIds(written, of('abcde'));
  await requireSameSamples(from, of('abcde'), written);
  const refused = (ids: string) => expect(requireSameSamples(from, of(ids), written)).rejects;
  await refused('abxyz').toThrow(/got: +5 samples; 3 missing: c, d, e; 3 new: x, y, z\n/);
  await refused('awxyz').toThrow(/5 samples; 4 missing: b, c, d, \.\.\.; 4 new: w, x, y, \.\.\.\n/);
  await refused('abcd').toThrow(/4 samples; 1 missing: e\n/);
  await refused('abcdef').toThrow(/6 samples; 1 new: f\n/);
  await refused('edcba').toThrow(/5 samples in another order\n/);
  // Those of before it was written down are not known.
  await requireSameSamples(headAt(0, 1), of('x'), written);
});

it('stages that are over have the lengths that they had, which may be less than was planned', () => {
  const early = headAt(1, 2, { stageSteps: [3, 4] });
  expect(() => requireSamePast(early, planOf(3, 4))).not.toThrow();
  expect(() => requireSamePast(early, planOf(4, 4))).toThrow(
    /where: +stage stage 1\n.*3 steps[^\n]*\n.*got: +4/,
  );
  expect(() => requireSamePast(early, planOf(3, 9))).not.toThrow();
  expect(() => requireSamePast(early, planOf(3))).toThrow(/where: +stage 2\n.*\n.*no such stage/);
  // An earlier version did not write them down.
  expect(() => requireSamePast(headAt(1, 2), planOf(9, 4))).not.toThrow();
  expect(() => requireSamePast(headAt(1, 2), planOf(9, 2))).not.toThrow();
  expect(() => requireSamePast(headAt(1, 2), planOf(9, 1))).toThrow(/at least the 2 steps made already/);
  const renamed = { ...early, stage: { ...early.stage, name: 'other' } };
  expect(() => requireSamePast(renamed, planOf(3, 4))).toThrow(/where: +stage 2\n.*other\n.*stage 2/);
});

it('a run is finished at the end of its last stage alone', () => {
  expect(isFinished(headAt(1, 4), planOf(3, 4))).toBe(true);
  expect(isFinished(headAt(1, 3), planOf(3, 4))).toBe(false);
  expect(isFinished(headAt(0, 3), planOf(3, 4))).toBe(false);
});
