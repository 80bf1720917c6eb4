/** What DeepPS's state dicts say of their networks: kind, task, width and depth, from keys and shapes. */
import type { DpsConfig } from '../models/dps/config.ts';
import { discriminatorChannels, generatorChannels } from '../models/dps/inputs.ts';
import { UserError } from '../runtime/errors.ts';
import type { NetworkGroup } from './groups.ts';

type Task = DpsConfig['task'];
type Norm = DpsConfig['model']['imageGenerator']['norm'];

interface Common {
  readonly group: NetworkGroup;
  readonly task: Task;
  /** Channels of the first layer. */
  readonly width: number;
}

export interface FoundImageGenerator extends Common {
  readonly kind: 'F';
  /** Side of its images, px. */
  readonly resolution: number;
  readonly norm: Norm;
}

export interface FoundGenerator extends Common {
  readonly kind: 'G';
  /** Whether it is a lowest level's. All higher levels are alike. */
  readonly lowest: boolean;
  readonly residualBlocks: number;
}

export interface FoundDiscriminator extends Common {
  readonly kind: 'D';
  /** Layers of stride 2. */
  readonly layers: number;
}

export type FoundNetwork = FoundImageGenerator | FoundGenerator | FoundDiscriminator;

/**
 * Weights that every file of the original has and its networks never use: G's second last layer, D's linear layer, and
 * the counts of batch normalisation.
 */
export const UNUSED: Readonly<Record<FoundNetwork['kind'], RegExp>> = {
  F: /\.num_batches_tracked$/,
  G: /^conv3\./,
  D: /^fc\./,
};

/** Recognises one of DeepPS's networks; undefined for other networks. Throws a UserError when its input is no DeepPS's. */
export function recognizeDeepPs(group: NetworkGroup): FoundNetwork | undefined {
  switch (group.signature) {
    case 'dconv1.weight':
      return imageGenerator(group);
    case 'embedding.style.0.weight':
      return generator(group);
    case 'model.1.weight_orig':
      return discriminator(group);
    default:
      return undefined;
  }
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
