/**
 * DeepPS's files (https://github.com/VITA-Group/DeepPS): PyTorch's state dicts, one network each. Keys and shapes tell a
 * network's kind, task, width and depth; levels that are alike in shape are told apart by names; together they tell the
 * configuration.
 */
import { basename } from 'node:path';
import { declaredPixels, type NetworkGroup, type Released } from '../../core/released.ts';
import { UserError } from '../../runtime/errors.ts';
import type { DpsConfig } from './config.ts';
import { discriminatorChannels, generatorChannels, type Task } from './inputs.ts';

export const released: Released<DpsConfig> = {
  signatures: ['dconv1.weight', 'embedding.style.0.weight', 'model.1.weight_orig'],
  contents: 'F, G or D of DeepPS',
  config: new URL('../../../configs/dps.yaml', import.meta.url),
  recognise(groups, paper) {
    const named = nameNetworks(groups.map(recogniseNetwork));
    const config = configOf(named, paper);
    const what = config.task === 'edit' ? 'editing of photos' : 'synthesis from sketches';
    return {
      description: `DeepPS for ${what} at ${config.resolution} px`,
      config,
      networks: [...named.networks].map(([name, { group, kind }]) => ({ name, group, unused: UNUSED[kind] })),
    };
  },
};

type Norm = DpsConfig['model']['imageGenerator']['norm'];

interface Common {
  readonly group: NetworkGroup;
  readonly task: Task;
  /** Channels of the first layer. */
  readonly width: number;
}

interface FoundImageGenerator extends Common {
  readonly kind: 'F';
  /** Side of its images, px. */
  readonly resolution: number;
  readonly norm: Norm;
}

interface FoundGenerator extends Common {
  readonly kind: 'G';
  /** Whether it is a lowest level's. All higher levels are alike. */
  readonly lowest: boolean;
  readonly residualBlocks: number;
}

interface FoundDiscriminator extends Common {
  readonly kind: 'D';
  /** Layers of stride 2. */
  readonly layers: number;
}

type FoundNetwork = FoundImageGenerator | FoundGenerator | FoundDiscriminator;

/**
 * Weights that every file of the original has and its networks never use: G's second last layer, D's linear layer, and
 * the counts of batch normalisation.
 */
const UNUSED: Readonly<Record<FoundNetwork['kind'], RegExp>> = {
  F: /\.num_batches_tracked$/,
  G: /^conv3\./,
  D: /^fc\./,
};

/** What a group holds. Throws a UserError when its input is no DeepPS's. */
function recogniseNetwork(group: NetworkGroup): FoundNetwork {
  if (group.signature === 'dconv1.weight') return imageGenerator(group);
  return group.signature === 'embedding.style.0.weight' ? generator(group) : discriminator(group);
}

function imageGenerator(group: NetworkGroup): FoundImageGenerator {
  const has = (key: string) => group.tensors.has(key);
  // Blocks are numbered from the bottom up: the outermost is rcb0 at 256 px, rcb1 at 128 px, rcb2 at 64 px.
  const outermost = [0, 1, 2].find((block) => has(`rcb${block}.conv.weight`)) ?? 2;
  const norm = has('rdcb7.bn.running_mean') ? 'batch' : has('rdcb7.bn.weight') ? 'instance' : 'none';
  return {
    kind: 'F',
    group,
    ...input(group, 'conv1.weight', generatorChannels),
    resolution: 256 / 2 ** outermost,
    norm,
  };
}

function generator(group: NetworkGroup): FoundGenerator {
  const lowest = group.tensors.has('rcb3.conv.weight');
  const residualBlocks = count(group, /^resblocks\.(\d+)\.conv_0\.weight$/);
  return { kind: 'G', group, ...input(group, 'conv1.weight', generatorChannels), lowest, residualBlocks };
}

function discriminator(group: NetworkGroup): FoundDiscriminator {
  // Two layers of stride 1 follow those of stride 2.
  const layers = count(group, /^model\.\d+\.weight_orig$/) - 2;
  return { kind: 'D', group, ...input(group, 'model.1.weight_orig', discriminatorChannels), layers };
}

const count = ({ tensors }: NetworkGroup, pattern: RegExp): number =>
  [...tensors.keys()].filter((key) => pattern.test(key)).length;

/** Task and width from the first convolution [width, channels, k, k]. */
function input(
  { tensors, where }: NetworkGroup,
  key: string,
  channelsOf: (task: Task) => number,
): { task: Task; width: number } {
  const shape = tensors.get(key)?.shape;
  const tasks: readonly Task[] = ['edit', 'synthesis'];
  const task = tasks.find((candidate) => channelsOf(candidate) === shape?.[1]);
  if (shape?.length === 4 && task) return { task, width: shape[0] };
  throw new UserError('A network takes another input than DeepPS’s.', {
    where: `${where}: ${key}`,
    expected: `a convolution [width,c,k,k] with c = ${channelsOf('edit')} (editing) or ${channelsOf('synthesis')} (synthesis)`,
    got: shape ? `[${shape}]` : 'nothing',
  });
}

/** The original's lowest level, px, and the layers of its discriminator. */
const LOWEST = 64;
const LAYERS = 3;

type Kind = 'F' | 'FD' | 'G' | 'D';
interface Hint {
  readonly kind: Kind;
  /** px. */
  readonly resolution?: number | undefined;
}

interface NamedNetworks {
  /** By the names of a checkpoint's networks: `F`, `FD`, `G64`, `D64`, ... */
  readonly networks: ReadonlyMap<string, FoundNetwork>;
  /** Resolution of the lowest level, px. */
  readonly lowest: number;
}

/**
 * Names every network, from the most certain to the least: by `--as`, by its shape, by its keys' prefix or file.
 *
 * @throws UserError when a level cannot be told, `--as` contradicts the shapes, or two networks have one name.
 */
function nameNetworks(found: readonly FoundNetwork[]): NamedNetworks {
  const bottom = found.find((network) => network.kind === 'G' && network.lowest);
  const lowest = (bottom && hintFor(bottom, ['G'])?.resolution) ?? LOWEST;
  const networks = new Map<string, FoundNetwork>();
  for (const network of found) {
    const name = nameOf(network, lowest);
    const other = networks.get(name);
    if (other)
      throw new UserError('Two files hold one network.', {
        where: `${other.group.where} and ${network.group.where}`,
        expected: 'one file for each network',
        got: `${name} twice`,
        fix: 'leave one out, or tell which is which: --as with a name for each --from, such as --as G64,G128',
      });
    networks.set(name, network);
  }
  return { networks, lowest };
}

function nameOf(network: FoundNetwork, lowest: number): string {
  if (network.kind === 'F') {
    hintFor(network, ['F']);
    return 'F';
  }
  return network.kind === 'G' ? nameOfGenerator(network, lowest) : nameOfDiscriminator(network, lowest);
}

function nameOfGenerator(network: FoundGenerator, lowest: number): string {
  if (network.lowest) return `G${lowest}`;
  const resolution = hintFor(network, ['G'])?.resolution;
  const credible = network.group.asked !== undefined || (resolution ?? 0) > lowest;
  if (resolution !== undefined && credible) return `G${resolution}`;
  throw unclear(network, `G${2 * lowest} or G${4 * lowest}, which are alike`, `G${2 * lowest}`);
}

function nameOfDiscriminator(network: FoundDiscriminator, lowest: number): string {
  const hint = hintFor(network, ['FD', 'D']);
  if (hint?.kind === 'FD') return 'FD';
  if (hint?.resolution !== undefined) return `D${hint.resolution}`;
  const level = network.layers - LAYERS;
  if (level === 0 || level === 1) return `D${lowest * 2 ** level}`;
  const [highest, own] = [`D${4 * lowest}`, 'FD'];
  throw unclear(network, `${highest}, or ${own}, the discriminator of F alone`, highest);
}

/** What names say of a network, those of `--as` before others. Names that contradict its kind are not believed. */
function hintFor({ group, kind }: FoundNetwork, kinds: readonly Kind[]): Hint | undefined {
  if (group.asked !== undefined) {
    const asked = readHint(group.asked);
    if (asked && kinds.includes(asked.kind)) return asked;
    throw new UserError('A network is not what --as says.', {
      where: `--as ${group.asked}, for ${group.where}`,
      expected:
        kind === 'F'
          ? 'F'
          : `one of ${kinds.map((name) => (name === 'FD' ? name : `${name}64, ${name}128, ${name}256`)).join(', ')}`,
      got: asked ? `a network of the kind ${kind}, by its keys` : 'a name that is not known',
    });
  }
  const hints = group.names.map(readHint).filter((hint) => hint !== undefined);
  return hints.find((hint) => kinds.includes(hint.kind));
}

/** `G128` of `ECCV-EDT-celebaHQ-G128`; of several such words the one with a resolution. */
function readHint(name: string): Hint | undefined {
  const pattern = /(?:^|[-_. ])(?:net)?(FD|F|G|D)(16|32|64|128|256)?(?=[-_. ]|$)/gi;
  const words = [...name.matchAll(pattern)].map(
    ([, kind, resolution]): Hint => ({
      kind: kind.toUpperCase() as Kind,
      resolution: resolution ? Number(resolution) : undefined,
    }),
  );
  const precise = words.filter(({ resolution }) => resolution !== undefined);
  const candidates = precise.length > 0 ? precise : words;
  return candidates.length === 1 ? candidates[0] : undefined;
}

function unclear({ group }: FoundNetwork, candidates: string, example: string): UserError {
  return new UserError('It cannot be told which network a file holds.', {
    where: group.where,
    expected: `a file name that tells, such as ECCV-EDT-celebaHQ-${example}.ckpt: by its shape it is ${candidates}`,
    got: basename(group.file.path),
    fix: `name it: --from FILE --as ${example}; of several files, one name for each: --as ${example},,F`,
  });
}

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
function configOf(named: NamedNetworks, base: DpsConfig) {
  const { lowest } = named;
  const F = only<FoundImageGenerator>(named, /^F$/)[0]?.[1];
  const FD = only<FoundDiscriminator>(named, /^FD$/)[0]?.[1];
  const resolutions = [...named.networks].flatMap(([name, found]) => [
    resolutionOf(name, found) ?? lowest,
    declaredPixels(found.group, 'resolution') ?? lowest,
  ]);
  const levels = requireLevels(resolutions, named);
  const resolution = lowest * 2 ** (levels - 1);
  const { task, widthOfF, maxDilation, ...sizes } = agreedSizes(named, base, resolution);
  const skipped = Math.max(0, Math.log2(lowest / PAPER_LOWEST));
  const { imageGenerator } = base.model;
  return {
    ...base,
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
  };
}

const only = <T extends FoundNetwork>({ networks }: NamedNetworks, pattern: RegExp) =>
  [...networks].filter(([name]) => pattern.test(name)) as [string, T][];

/** That of its level, or F's own, px; undefined for F's discriminator, which fits any. */
function resolutionOf(name: string, found: FoundNetwork): number | undefined {
  if (found.kind === 'F') return found.resolution;
  return name === 'FD' ? undefined : Number(name.slice(1));
}

/** What several networks must have in common. */
function agreedSizes(named: NamedNetworks, { task, model, refinement }: DpsConfig, resolution: number) {
  const all = [...named.networks];
  const width = all[0]?.[1].width ?? model.width;
  const widths = (pattern: RegExp) =>
    all.flatMap(([name, found]) => (pattern.test(name) ? [[name, found.width] as const] : []));
  // Each level's discriminator has a layer more than that of the level below.
  const layersAtBottom = only<FoundDiscriminator>(named, /^D/).map(
    ([name, { layers }]) => [name, layers - Math.log2(Number(name.slice(1)) / named.lowest)] as const,
  );
  const residualBlocks = only<FoundGenerator>(named, /^G/).map(
    ([name, found]) => [name, found.residualBlocks] as const,
  );
  const dilations = all.flatMap(([name, { group }]) => {
    const declared = declaredPixels(group, 'refinement.maxDilation');
    return declared === undefined ? [] : [[name, declared] as const];
  });
  const agree = new Agreement();
  const sizes = {
    task: agree.on(
      'task',
      all.map(([name, found]) => [name, found.task] as const),
      task,
    ),
    width: agree.on('width', widths(/^G/), width),
    residualBlocks: agree.on('residual blocks', residualBlocks, model.residualBlocks),
    discriminatorWidth: agree.on('width', widths(/^D/), width),
    discriminatorLayers: agree.on(
      'layers of stride 2, less one for each level',
      layersAtBottom,
      model.discriminatorLayers,
    ),
    maxDilation: agree.on(
      'dilation at l = 1',
      dilations,
      resolution <= PAPER_LOWEST ? MAX_DILATION_AT_64 : refinement.maxDilation,
    ),
    widthOfF: agree.on('width', widths(/^FD?$/), width),
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
  const resolution = declaredPixels(found.group, 'resolution');
  return `${name}${own}${resolution ? ` of a model of ${resolution} px` : ''} (${found.group.where})`;
}

/** Values that several networks must have in common. */
class Agreement {
  readonly #lines: string[] = [];

  /** The one value of all networks; the fallback where there is none. */
  on<T>(what: string, values: readonly (readonly [network: string, value: T])[], fallback: T): T {
    const found = [...new Set(values.map(([, value]) => value))];
    if (found.length > 1)
      this.#lines.push(`${what}: ${values.map(([name, value]) => `${name} ${value}`).join(', ')}`);
    return found[0] ?? fallback;
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
