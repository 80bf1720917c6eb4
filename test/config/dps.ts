import { readConfig } from '../../src/config/load.ts';
import type { DpsConfig } from '../../src/config/methods/dps.ts';

/** A configuration of Deep Plastic Surgery, read from its file. */
export function readDps(path: string, sets: readonly string[] = []): DpsConfig {
  const { config } = readConfig(path, sets);
  if (config.method !== 'dps') throw new Error(`${path} is of ${config.method}`);
  return config;
}
