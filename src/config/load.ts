/** Reads configurations: files, `extends`, `--set`, the schema, and what must fit together. */
import { stringify } from 'yaml';
import { checkConsistency, missingInputs } from './check.ts';
import { explain, locator } from './explain.ts';
import { configJsonSchema } from './json-schema.ts';
import { merge, readLayers, setsLayer } from './layers.ts';
import type { Locate } from './locate.ts';
import { type Config, configSchema } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Things that are allowed but seldom meant; for the user. */
  readonly warnings: readonly string[];
  /** Where a key was written, for messages about it: `configs/a.yaml:3: data.ahead`. */
  readonly locate: Locate;
}

/**
 * Reads a config file, the files that it extends and `--set KEY=VALUE` options, and fills in the defaults. Throws
 * one UserError that lists every mistake with its file, line and key. Files that the config names are not looked at.
 */
export function readConfig(path: string, sets: readonly string[] = []): LoadedConfig {
  const layers = [...readLayers(path), setsLayer(sets)];
  const values = layers
    .map((layer) => layer.values)
    .reduce<unknown>((base, over) => merge(base, over, configJsonSchema), {});
  const locate = locator(layers);
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) throw explain(parsed.error.issues, values, locate);
  return { config: parsed.data, warnings: checkConsistency(parsed.data, locate), locate };
}

/** As {@link readConfig}; throws as well when the data set or weights that the config names are absent. */
export function loadConfig(path: string, sets: readonly string[] = []): LoadedConfig {
  const loaded = readConfig(path, sets);
  const missing = missingInputs(loaded.config, loaded.locate);
  if (missing[0]) throw missing[0];
  return loaded;
}

/** The complete configuration as YAML; a run's `config.yaml`, which {@link readConfig} reads back. */
export function configToYaml(config: Config): string {
  return stringify(config, { lineWidth: 110 });
}
