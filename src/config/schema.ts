/**
 * The one definition of a run's configuration: keys, defaults, bounds and their documentation. The TypeScript
 * types, the error messages and the JSON Schema for editors all come from here. What is special to a method stands in
 * `methods/`.
 */
import { z } from 'zod';
import { dpsSchema } from './methods/dps.ts';

export const configSchema = z.discriminatedUnion('method', [dpsSchema]);

/** A complete configuration: every default filled in. */
export type Config = z.output<typeof configSchema>;
export type SourceConfig = Config['data']['source'];
