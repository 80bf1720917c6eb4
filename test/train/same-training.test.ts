import { expect, it } from 'vitest';
import { RunFolder } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { leaves, requireSameTraining } from '../../src/train/resume.ts';

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
