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

/**
 * What to tell a user whose configuration asks for torchvision's weights that are not there.
 *
 * @param key of the configuration that has the keys `network` and `weights`.
 */
export function missingNetwork(
  { network, weights }: { readonly network: string; readonly weights?: string | undefined },
  key: readonly string[],
  locate: Locate,
): UserError[] {
  if (!(network === 'vgg16' || network === 'vgg19') || (weights && existsSync(weights))) return [];
  const { file, last } = torchvision[network];
  const name = network.toUpperCase();
  const dotted = key.join('.');
  return [
    new UserError(`The perceptual loss's ${name} weights are not there.`, {
      where: locate([...key, weights ? 'weights' : 'network']),
      expected: `a safetensors file with torchvision's ${name} (features.0.weight to features.${last}.bias)`,
      got: weights ? `${weights} does not exist` : `no ${dotted}.weights`,
      fix:
        `download torchvision’s ${file} and convert it: npm run import -- --from ${file} --out weights/${network}.safetensors; ` +
        `or use the network that installs by itself: --set ${dotted}.network=hed-vgg16`,
    }),
  ];
}
