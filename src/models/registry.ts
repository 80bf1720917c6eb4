import type { Config } from '../config/schema.ts';
import type { Reporter } from '../runtime/progress.ts';
import { Dps } from './dps/method.ts';
import type { Method } from './method.ts';
import { createPerceptualLoss } from './perceptual-network.ts';

/** Builds the method that a configuration names, its networks initialised from the seed. */
export async function createMethod(config: Config, options: { reporter: Reporter }): Promise<Method> {
  return new Dps(config, await createPerceptualLoss(config, options.reporter));
}
