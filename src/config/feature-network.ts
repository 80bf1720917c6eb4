/** The trained network whose features losses compare: a part of several methods' configurations. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import type { Locate } from './locate.ts';

/** For the perceptual and style losses of inpainting, which compare the pools of VGG16. */
export const poolFeatures = z
  .strictObject({
    network: z
      .enum(['hed-vgg16', 'vgg16'])
      .default('hed-vgg16')
      .describe(
        'Features to compare: HED’s VGG16 trunk, which installs by itself, or the paper’s VGG16 from your file.',
      ),
    weights: z
      .string()
      .optional()
      .describe(
        'File with torchvision’s VGG16 weights as safetensors (keys features.N.weight, .bias); for vgg16.',
      ),
  })
  .prefault({})
  .describe('Network of the perceptual and style losses, which compare its features after pool1 to pool3.');

export type PoolFeatures = z.output<typeof poolFeatures>;

/** torchvision's networks: the files that it offers, and the last convolution that a loss needs. */
const torchvision = {
  vgg16: { file: 'vgg16-397923af.pth', last: 14 },
  vgg19: { file: 'vgg19-dcbb9e9d.pth', last: 10 },
};

/** A file of weights that a configuration needs. */
export interface WeightFile {
  /** For people. */
  readonly label: string;
  /** The part of the configuration with the keys `network` and `weights` that ask for it. */
  readonly key: readonly string[];
  /** Undefined where `weights` is left out. */
  readonly path: string | undefined;
  readonly expected: string;
  /** How to come by it. */
  readonly fix: string;
}

/**
 * The file of torchvision's weights, if a configuration asks for them.
 *
 * @param key of the configuration that has the keys `network` and `weights`.
 */
export function torchvisionWeights(
  { network, weights }: { readonly network: string; readonly weights?: string | undefined },
  key: readonly string[],
): WeightFile[] {
  if (!(network === 'vgg16' || network === 'vgg19')) return [];
  const { file, last } = torchvision[network];
  const name = network.toUpperCase();
  return [
    {
      label: `${name} weights`,
      key,
      path: weights,
      expected: `a safetensors file with torchvision's ${name} (features.0.weight to features.${last}.bias)`,
      fix:
        `download torchvision’s ${file} and convert it: npm run import -- --from ${file} --out weights/${network}.safetensors; ` +
        `or use the network that installs by itself: --set ${key.join('.')}.network=hed-vgg16`,
    },
  ];
}

export const isThere = ({ path }: WeightFile): boolean => path !== undefined && existsSync(path);

/** What to tell a user whose file of weights is not there. */
export function missingWeights({ label, key, path, expected, fix }: WeightFile, locate: Locate): UserError {
  return new UserError(`${label} are not there.`, {
    where: locate([...key, path ? 'weights' : 'network']),
    expected,
    got: path ? `${path} does not exist` : `no ${key.join('.')}.weights`,
    fix,
  });
}
