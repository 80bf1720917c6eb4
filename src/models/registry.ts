import type { Config } from '../config/schema.ts';
import { Dps } from './dps/method.ts';
import type { Method } from './method.ts';

/** Builds the method that a configuration names, its networks initialised from the seed. */
export function createMethod(config: Config): Method {
  return new Dps(config);
}
