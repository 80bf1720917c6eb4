/**
 * The one definition of a run's configuration: keys, defaults, bounds and their documentation. The TypeScript
 * types, the error messages and the JSON Schema for editors all come from here. What is special to a method stands in
 * `methods/`, a file each; this is the one place that lists them.
 */
import { z } from 'zod';
import { deepfill, deepfillSchema } from './methods/deepfill.ts';
import { dps, dpsSchema } from './methods/dps.ts';
import type { MethodConfig } from './methods/method-config.ts';
import { pconv, pconvSchema } from './methods/pconv.ts';
import { pix2pix, pix2pixSchema } from './methods/pix2pix.ts';
import { scFegan, scFeganSchema } from './methods/sc-fegan.ts';

export const configSchema = z.discriminatedUnion('method', [
  dpsSchema,
  pix2pixSchema,
  pconvSchema,
  deepfillSchema,
  scFeganSchema,
]);

/** A complete configuration: every default filled in. */
export type Config = z.output<typeof configSchema>;
export type MethodName = Config['method'];
export type ConfigOf<Name extends MethodName> = Extract<Config, { method: Name }>;

const methods: { readonly [Name in MethodName]: MethodConfig<ConfigOf<Name>> } = {
  dps,
  pix2pix,
  pconv,
  deepfillv2: deepfill,
  'sc-fegan': scFegan,
};

/** What a configuration's method says of it. */
export const methodOf = ({ method }: Config): MethodConfig<Config> => methods[method] as MethodConfig<Config>;

export type SourceConfig = Config['data']['source'];
