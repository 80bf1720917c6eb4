/** Every method with narrow networks, for tests of what all must do in training. */
import type { Method } from '../../src/core/method.ts';
import { dpsSchema } from '../../src/models/dps/config.ts';
import { configSchemas, createMethod } from '../../src/models/registry.ts';
import { scFeganSchema } from '../../src/models/scfegan/config.ts';
import { tinyConfig, tinyMethod } from './dps/tiny.ts';
import { tinyScFegan, tinyScFeganConfig } from './scfegan/tiny.ts';

/** Keys of `training` that are changed. */
type Training = Readonly<Record<string, unknown>>;

const create = (method: string, model: object, training?: Training) =>
  createMethod(
    configSchemas().zod.parse({
      method,
      resolution: 64,
      data: { source: { kind: 'faces' } },
      model,
      training,
    }),
  );
const pix2pix = (variant: string, training?: Training) =>
  create('pix2pix', { variant, width: 4, depth: 6, discriminatorWidth: 4 }, training);
const dps = (training: Training | undefined, change: Parameters<typeof tinyConfig>[0] = {}) => {
  const config = tinyConfig(change);
  return tinyMethod(dpsSchema.parse({ ...config, training: { ...config.training, ...training } }));
};
const scFegan = (training?: Training) => {
  const config = tinyScFeganConfig();
  return tinyScFegan(scFeganSchema.parse({ ...config, training: { ...config.training, ...training } }));
};

export const tinyMethods: Record<string, (training?: Training) => Method> = {
  'Deep Plastic Surgery': (training) => dps(training),
  'Deep Plastic Surgery, synthesis': (training) => dps(training, { task: 'synthesis', levels: 1 }),
  pix2pix: (training) => pix2pix('pytorch', training),
  'pix2pix of Lua': (training) => pix2pix('lua', training),
  'partial convolutions': (training) => create('pconv', { width: 4, depth: 5, sketch: true }, training),
  DeepFillv2: (training) => create('deepfillv2', { width: 8, discriminatorWidth: 4 }, training),
  'SC-FEGAN': scFegan,
};
