import { explain } from './explain.ts';
import { type Config, configSchema } from './schema.ts';

/**
 * The configuration that a checkpoint's manifest holds.
 *
 * @param where the manifest's path, for messages.
 * @throws UserError when this program does not understand it.
 */
export function storedConfig(config: unknown, where: string): Config {
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw explain(parsed.error.issues, config, (path) => `${where}: config.${path.map(String).join('.')}`);
}
