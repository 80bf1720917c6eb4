import type { DpsConfig } from '../../src/models/dps/config.ts';
import { readConfig } from '../../src/models/read-config.ts';

/** A configuration of Deep Plastic Surgery, read from its file. */
export function readDps(path: string, sets: readonly string[] = []): DpsConfig {
  const { config } = readConfig(path, sets);
  if (config.method !== 'dps') throw new Error(`${path} is of ${config.method}`);
  return config as DpsConfig;
}
