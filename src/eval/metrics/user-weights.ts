/** Weights of networks that no package holds, so that the user must bring them. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TorchWeights } from '../../nn/torch-weights.ts';
import { commandLine } from '../../runtime/command-line.ts';
import { UserError } from '../../runtime/errors.ts';

interface WeightFile {
  /** What messages call the network. */
  readonly network: string;
  /** The name of the file at its source, from which it is converted. */
  readonly original: string;
  /** Where to get it. */
  readonly source: string;
}

/** By name in the folder of weights, without `.safetensors`. */
const files = {
  alexnet: {
    network: "torchvision's AlexNet",
    original: 'alexnet-owt-7be5be79.pth',
    source: 'https://download.pytorch.org/models/alexnet-owt-7be5be79.pth',
  },
  vgg16: {
    network: "torchvision's VGG16",
    original: 'vgg16-397923af.pth',
    source: 'https://download.pytorch.org/models/vgg16-397923af.pth',
  },
  'lpips-alex': {
    network: "LPIPS's linear layers for AlexNet",
    original: 'alex.pth',
    source: 'https://github.com/richzhang/PerceptualSimilarity, lpips/weights/v0.1/alex.pth',
  },
  'lpips-vgg': {
    network: "LPIPS's linear layers for VGG16",
    original: 'vgg.pth',
    source: 'https://github.com/richzhang/PerceptualSimilarity, lpips/weights/v0.1/vgg.pth',
  },
  inception: {
    network: "the Inception of 2015-12-05, as in pytorch-fid's file",
    original: 'pt_inception-2015-12-05-6726825d.pth',
    source: 'https://github.com/mseitzer/pytorch-fid/releases (fid_weights)',
  },
} as const satisfies Record<string, WeightFile>;

export type WeightName = keyof typeof files;

/**
 * The weights of that name in a folder.
 *
 * @param metric what needs them, for the message.
 * @throws UserError when the file is missing, which says how to get it, or no whole safetensors file.
 */
export function readUserWeights(folder: string, name: WeightName, metric: string): TorchWeights {
  const path = join(folder, `${name}.safetensors`);
  const { network, original, source } = files[name];
  if (existsSync(path)) return TorchWeights.read(path, network);
  throw new UserError(`The metric ${metric} needs weights that are not installed.`, {
    where: path,
    expected: network,
    got: 'no such file',
    fix: `get ${original} (${source}), then \`${commandLine('import', '--from', original, '--out', path)}\``,
  });
}
