/** Reads YAML files by a schema: `extends`, `--set`, defaults, and messages that name file, line and key. */
import { stringify } from 'yaml';
import type { z } from 'zod';
import { explain, type Locate, locator } from './explain.ts';
import type { JsonSchema } from './json-schema.ts';
import { merge, readLayers, setsLayer } from './layers.ts';

/**
 * Reads a file, the files that it extends and `--set KEY=VALUE` options, and fills in the defaults.
 *
 * @param flag what the path was given with. @param json the schema as JSON Schema.
 * @throws one UserError that lists every mistake with its file, line and key.
 */
export function readYaml<T>(
  path: string,
  sets: readonly string[],
  { schema, json, flag = '--config' }: { schema: z.ZodType<T>; json: JsonSchema; flag?: string },
): { values: T; locate: Locate } {
  const layers = [...readLayers(path, flag), setsLayer(sets)];
  const values = layers
    .map((layer) => layer.values)
    .reduce<unknown>((base, over) => merge(base, over, json), {});
  const locate = locator(layers);
  const parsed = schema.safeParse(values);
  if (!parsed.success) throw explain(parsed.error.issues, values, locate, json);
  return { values: parsed.data, locate };
}

/** A complete configuration as YAML; a run's `config.yaml`, which can be read back. */
export function configToYaml(config: object): string {
  return stringify(config, { lineWidth: 110 });
}
