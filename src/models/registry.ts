/** The one place that lists methods; adding one is adding a folder, its configuration and a line here. */
import type { Config, ConfigOf, MethodName } from '../config/schema.ts';
import type { Method } from '../core/method.ts';
import { DeepFill } from './deepfill/method.ts';
import { Dps } from './dps/method.ts';
import { PartialConv } from './pconv/method.ts';
import { Pix2Pix } from './pix2pix/method.ts';
import { ScFegan } from './scfegan/method.ts';

const methods: { readonly [Name in MethodName]: new (config: ConfigOf<Name>) => Method } = {
  dps: Dps,
  pix2pix: Pix2Pix,
  pconv: PartialConv,
  deepfillv2: DeepFill,
  'sc-fegan': ScFegan,
};

/** Builds the method that a configuration names, its networks initialised from the seed. */
export function createMethod(config: Config): Method {
  return new (methods[config.method] as new (config: Config) => Method)(config);
}
