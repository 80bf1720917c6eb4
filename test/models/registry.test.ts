import { expect, it } from 'vitest';
import { z } from 'zod';
import { commonShape, resolution, stageShape, trainingShape } from '../../src/config/run-config.ts';
import { defineMethod } from '../../src/core/define-method.ts';
import { storedConfig } from '../../src/models/read-config.ts';
import { configSchemas, createMethod, methodNames, registerMethod } from '../../src/models/registry.ts';
import { FakeMethod } from '../train/fake-method.ts';

const fake = defineMethod({
  name: 'fake',
  title: 'A fake',
  paper: 'none',
  schema: z.strictObject({
    ...commonShape('fake', 'A fake.'),
    resolution,
    training: z.strictObject({ ...trainingShape, ...stageShape({ steps: 3 }, 1) }).prefault({}),
  }),
  create: ({ training }) => new FakeMethod([training.batch, 2]),
});

it('a method that is registered from code is read from configurations and built as the others', () => {
  const written = { method: 'fake', resolution: 64, data: { source: { kind: 'faces' } } };
  expect(() => storedConfig(written, 'a.json')).toThrow(/method/);
  registerMethod(fake);
  const config = storedConfig({ ...written, training: { batch: 5 } }, 'a.json');
  expect(config).toMatchObject({ name: 'fake', seed: 1, training: { maxBadSteps: 10, batch: 5 } });
  const method = createMethod(config);
  expect(method.stages.map(({ duration }) => duration)).toEqual([{ steps: 5 }, { steps: 2 }]);
  method.dispose();
  expect(methodNames()).toContain('fake');
  expect(JSON.stringify(configSchemas().json)).toContain('"A fake."');
});

it('a name stands for one method', () => {
  expect(() => registerMethod(fake)).toThrow(/fake already/);
});
