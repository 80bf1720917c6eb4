import { expect, it } from 'vitest';
import { webgpuProblem } from '../../../src/editor/native/process.ts';
import { createMethod } from '../../../src/models/registry.ts';
import { tinyConfig } from '../../models/dps/tiny.ts';

it.each([
  [3, /6 channels/],
  [4, undefined],
  [8, undefined],
])('networks of width %i: %s', (width, expected) => {
  const config = tinyConfig({ levels: 1 });
  const { model } = config;
  const imageGenerator = { ...model.imageGenerator, width };
  const method = createMethod({ ...config, model: { ...model, width, imageGenerator } });
  const problem = webgpuProblem(method.predictor().networks.map((name) => method.networks[name]));
  if (expected) expect(problem).toMatch(expected);
  else expect(problem).toBeUndefined();
  method.dispose();
});
