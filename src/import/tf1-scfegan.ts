/** SC-FEGAN's checkpoints (run-youngjoo/SC-FEGAN, model.py:95-120), which hold the generator. */
import { type ScFeganConfig, scFeganSchema } from '../models/scfegan/config.ts';
import { GENERATOR_CHANNELS } from '../models/scfegan/inputs.ts';
import { builtConfig, paperConfig } from './built-config.ts';
import type { NetworkGroup } from './groups.ts';
import { declaredResolution, readConvolution, type Tf1System } from './tf1-network.ts';

/** Throws a UserError when the first layer is not SC-FEGAN's. */
export function recognizeScFegan(group: NetworkGroup): Tf1System {
  const known = new Map([[GENERATOR_CHANNELS, 'photo, sketch, colours, mask and noise']]);
  const { filters } = readConvolution(group, 'generator/gconv1_ds/kernel', 7, known);
  const base = paperConfig('sc-fegan') as ScFeganConfig;
  const model = { ...base.model, width: filters };
  const resolution = declaredResolution(group) ?? base.resolution;
  const config = builtConfig(scFeganSchema, { ...base, name: 'imported', resolution, model });
  return {
    group,
    description: `SC-FEGAN at ${config.resolution} px`,
    config,
    networks: ['G'],
  };
}
