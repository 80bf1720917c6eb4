import type { DpsConfig } from '../../src/models/dps/config.ts';

/** The same config on so many built-in faces. */
export function withFaces(config: DpsConfig, count: number): DpsConfig {
  return { ...config, data: { ...config.data, source: { kind: 'faces', count, seed: 1 } } };
}
