/** The configurations of imported checkpoints: a paper's, with what the weights show of their networks. */
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { RunConfig } from '../config/run-config.ts';
import { checkConfig, readConfig } from '../models/read-config.ts';
import { UserError } from '../runtime/errors.ts';

/** What `configs/NAME.yaml` says of a method. */
export function paperConfig(name: string): RunConfig {
  const path = fileURLToPath(new URL(`../../configs/${name}.yaml`, import.meta.url));
  return readConfig(path).config;
}

/** The configuration, checked. Throws a UserError when there are no networks of such sizes. */
export function builtConfig<C extends RunConfig>(schema: z.ZodType<C>, config: object): C {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw new UserError('The networks are of sizes that this program does not build.', {
      got: lines.join('; '),
    });
  }
  checkConfig(parsed.data, (path) => path.map(String).join('.'));
  return parsed.data;
}
