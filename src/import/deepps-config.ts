/** The configuration of a checkpoint that is made of DeepPS's files: the paper's, with the sizes that were found. */

import { readDeclared } from '../export/metadata.ts';
import { type DpsConfig, dpsSchema } from '../models/dps/config.ts';
import { UserError } from '../runtime/errors.ts';
import { builtConfig, paperConfig } from './built-config.ts';
import type { NamedNetworks } from './deepps-names.ts';
import type {
  FoundDiscriminator,
  FoundGenerator,
  FoundImageGenerator,
  FoundNetwork,
} from './deepps-network.ts';

const MAX_LEVELS = 3;
/** Where the paper's configuration begins, px. */
const PAPER_LOWEST = 64;
/** The original's recipe for 64 px; its default is meant for 256 px. What files say of themselves goes before. */
const MAX_DILATION_AT_64 = 9;

/**
 * What networks of these names and shapes were trained with, as far as it shows or their files say it: task, levels,
 * widths, depths and the sketches' dilation. All else is as in `configs/dps.yaml`. Networks that are not there are taken to
 * be as wide as those that are.
 *
 * @throws UserError when the networks do not belong together, or are of sizes that this program does not build.
 */
export function configOf(named: NamedNetworks): DpsConfig {
  const base = paperConfig('dps') as DpsConfig;
  const { lowest } = named;
  const F = only<FoundImageGenerator>(named, /^F$/)[0]?.[1];
  const FD = only<FoundDiscriminator>(named, /^FD$/)[0]?.[1];
  const resolutions = [...named.networks].flatMap(([name, found]) => [
    resolutionOf(name, found) ?? lowest,
    declaredOf(found).resolution ?? lowest,
  ]);
  const levels = requireLevels(resolutions, named);
  const resolution = lowest * 2 ** (levels - 1);
  const { task, widthOfF, maxDilation, ...sizes } = agreedSizes(named, base, resolution);
  const skipped = Math.max(0, Math.log2(lowest / PAPER_LOWEST));
  const { imageGenerator } = base.model;
  return builtConfig(dpsSchema, {
    ...base,
    name: 'imported',
    task,
    resolution,
    model: {
      ...sizes,
      levels,
      imageGenerator: {
        ...imageGenerator,
        width: widthOfF,
        norm: F?.norm ?? (task === 'synthesis' ? 'none' : imageGenerator.norm),
        discriminatorLayers: FD?.layers ?? imageGenerator.discriminatorLayers,
        level: F ? Math.log2(F.resolution / lowest) + 1 : levels,
      },
    },
    refinement: { maxDilation },
    training: {
      ...base.training,
      levels: Array.from(
        { length: levels },
        (_, i) => base.training.levels[Math.min(i + skipped, MAX_LEVELS - 1)],
      ),
    },
  });
}

const only = <T extends FoundNetwork>({ networks }: NamedNetworks, pattern: RegExp) =>
  [...networks].filter(([name]) => pattern.test(name)) as [string, T][];

/** That of its level, or F's own, px; undefined for F's discriminator, which fits any. */
function resolutionOf(name: string, found: FoundNetwork): number | undefined {
  if (found.kind === 'F') return found.resolution;
  return name === 'FD' ? undefined : Number(name.slice(1));
}

const declaredOf = ({ group }: FoundNetwork) => readDeclared(group.file.metadata ?? {}, group.file.path);

/** What several networks must have in common. */
function agreedSizes(named: NamedNetworks, { task, model, refinement }: DpsConfig, resolution: number) {
  const all = [...named.networks];
  const width = all[0][1].width;
  const generators = only<FoundGenerator>(named, /^G/);
  const discriminators = only<FoundDiscriminator>(named, /^D/);
  const ofF = only<FoundImageGenerator | FoundDiscriminator>(named, /^FD?$/);
  // Each level's discriminator has a layer more than that of the level below.
  const layersAtBottom = (found: FoundDiscriminator) => {
    const name = discriminators.find(([, other]) => other === found)![0];
    return found.layers - Math.log2(resolutionOf(name, found)! / named.lowest);
  };
  const agree = new Agreement();
  const sizes = {
    task: agree.on('task', all, (found) => found.task, task),
    width: agree.on('width', generators, (found) => found.width, width),
    residualBlocks: agree.on(
      'residual blocks',
      generators,
      (found) => found.residualBlocks,
      model.residualBlocks,
    ),
    discriminatorWidth: agree.on('width', discriminators, (found) => found.width, width),
    discriminatorLayers: agree.on(
      'layers of stride 2, less one for each level',
      discriminators,
      layersAtBottom,
      model.discriminatorLayers,
    ),
    maxDilation: agree.on(
      'dilation at l = 1',
      all.filter(([, found]) => declaredOf(found).maxDilation),
      (found) => declaredOf(found).maxDilation!,
      resolution <= PAPER_LOWEST ? MAX_DILATION_AT_64 : refinement.maxDilation,
    ),
    widthOfF: agree.on('width', ofF, (found) => found.width, width),
  };
  agree.check();
  return sizes;
}

/** How many levels lead from the lowest to the highest resolution, each twice the one below. */
function requireLevels(resolutions: readonly number[], { networks, lowest }: NamedNetworks): number {
  const levels = resolutions.map((resolution) => Math.log2(resolution / lowest) + 1);
  const highest = Math.max(1, ...levels);
  const whole = levels.every((level) => Number.isInteger(level) && level >= 1);
  if (whole && highest <= MAX_LEVELS) return highest;
  throw new UserError('The networks are not levels of one generator.', {
    expected: `levels from ${lowest} px on, each twice the one below, at most ${MAX_LEVELS}, and F at one of them`,
    got: [...networks].map(([name, found]) => describe(name, found)).join(', '),
  });
}

function describe(name: string, found: FoundNetwork): string {
  const own = found.kind === 'F' ? ` of ${found.resolution} px` : '';
  const { resolution } = declaredOf(found);
  return `${name}${own}${resolution ? ` of a model of ${resolution} px` : ''} (${found.group.where})`;
}

/** Values that several networks must have in common. */
class Agreement {
  readonly #lines: string[] = [];

  on<T, N extends FoundNetwork>(
    what: string,
    networks: readonly (readonly [string, N])[],
    value: (network: N) => T,
    fallback: T,
  ): T {
    const values = new Set(networks.map(([, network]) => value(network)));
    if (values.size > 1)
      this.#lines.push(
        `${what}: ${networks.map(([name, network]) => `${name} ${value(network)}`).join(', ')}`,
      );
    return values.size > 0 ? [...values][0] : fallback;
  }

  check(): void {
    if (this.#lines.length === 0) return;
    throw new UserError('The networks do not belong together.', {
      expected: 'files of one training: one task, and each kind of network of one size',
      got: this.#lines.join('; '),
      fix: 'import files of one training only; EDT files edit photos, SYN files draw from sketches alone',
    });
  }
}
