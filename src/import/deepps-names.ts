/** Which network of a checkpoint each of DeepPS's files is: levels that are alike in shape are told apart by names. */
import { basename } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import type { FoundDiscriminator, FoundGenerator, FoundNetwork } from './deepps-network.ts';

/** The original's lowest level, px, and the layers of its discriminator. */
const LOWEST = 64;
const LAYERS = 3;

type Kind = 'F' | 'FD' | 'G' | 'D';
interface Hint {
  readonly kind: Kind;
  /** px. */
  readonly resolution?: number | undefined;
}

export interface NamedNetworks {
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
export function nameNetworks(found: readonly FoundNetwork[]): NamedNetworks {
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
