/** Every method with narrow networks, for tests of what all must do in training. */
import type { Method } from '../../src/core/method.ts';
import { configSchemas, createMethod } from '../../src/models/registry.ts';
import { tinyConfig, tinyMethod } from './dps/tiny.ts';
import { tinyScFegan } from './scfegan/tiny.ts';

const create = (method: string, model: object) =>
  createMethod(
    configSchemas().zod.parse({ method, resolution: 64, data: { source: { kind: 'faces' } }, model }),
  );
const pix2pix = (variant: string) =>
  create('pix2pix', { variant, width: 4, depth: 6, discriminatorWidth: 4 });

export const tinyMethods: Record<string, () => Method> = {
  'Deep Plastic Surgery': () => tinyMethod(tinyConfig()),
  'Deep Plastic Surgery, synthesis': () => tinyMethod(tinyConfig({ task: 'synthesis', levels: 1 })),
  pix2pix: () => pix2pix('pytorch'),
  'pix2pix of Lua': () => pix2pix('lua'),
  'partial convolutions': () => create('pconv', { width: 4, depth: 5, sketch: true }),
  DeepFillv2: () => create('deepfillv2', { width: 8, discriminatorWidth: 4 }),
  'SC-FEGAN': tinyScFegan,
};
