/** The trained network whose features losses compare: a part of several methods' configurations. */
import { z } from 'zod';
import type { NeededWeights } from '../core/define-method.ts';

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
 * The file of torchvision's weights, if a configuration asks for them.
 *
 * @param key of the configuration that has the keys `network` and `weights`.
 */
export function torchvisionWeights(
  { network, weights }: { readonly network: string; readonly weights?: string | undefined },
  key: readonly string[],
): NeededWeights[] {
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
