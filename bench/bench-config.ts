import type { DpsConfig } from '../src/models/dps/config.ts';
import { readConfig } from '../src/models/read-config.ts';
import { UserError } from '../src/runtime/errors.ts';

/** The batch that a level is timed at: what fits in a small machine's memory, the same for every contestant. */
export const DEFAULT_BATCH: Readonly<Record<number, number>> = { 1: 8, 2: 4, 3: 1 };

/** Sides of the images that F can make, px. */
const IMAGE_GENERATOR_SIDES: readonly number[] = [64, 128, 256];

/**
 * A config's networks at their widths, without its data: batches are made up, or come from the built-in faces. The
 * perceptual network that installs has the shape of VGG19's first layers, which cost the same. F judges the results of
 * `level`, where it can.
 *
 * @throws UserError when the config is of another method than Deep Plastic Surgery.
 */
export function benchConfig(file: string, sets: readonly string[], level?: number): DpsConfig {
  const read = (...more: string[]) => requireDps(file, [...more, ...sets]);
  requireDps(file, sets);
  const standIns = ['data.source={kind: faces}', 'loss.perceptual.network=hed-vgg16'];
  const config = read(...standIns);
  const side = level && config.resolution / 2 ** (config.model.levels - level);
  return side && IMAGE_GENERATOR_SIDES.includes(side)
    ? read(...standIns, `model.imageGenerator.level=${level}`)
    : config;
}

function requireDps(file: string, sets: readonly string[]): DpsConfig {
  const { config } = readConfig(file, sets);
  if (config.method === 'dps') return config as DpsConfig;
  throw new UserError('The benchmarks are of Deep Plastic Surgery alone.', {
    where: file,
    expected: 'method: dps',
    got: `method: ${config.method}`,
  });
}
