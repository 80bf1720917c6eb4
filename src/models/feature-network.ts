/**
 * The trained networks whose features losses compare: how configurations ask for them, which files they need, and the
 * losses themselves. The log says which network is in use.
 */
import { z } from 'zod';
import type { NeededWeights } from '../core/define-method.ts';
import {
  type CompareFeatures,
  featureLosses,
  imagenetNormalisation,
  type Normalisation,
  originalNormalisation,
  type PerceptualLoss,
  perceptualLoss,
} from '../losses/perceptual.ts';
import { hedMean, loadHedTrunk } from '../nn/hed.ts';
import { TorchWeights } from '../nn/torch-weights.ts';
import { VGG16_CONVOLUTIONS, type VggConvolutions, vggOfTorch } from '../nn/vgg.ts';
import { tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { DpsConfig } from './dps/config.ts';

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

/** HED's trunk expects bytes minus its mean. Dividing by this brings its features near those of torchvision's networks. */
const BYTE_DEVIATION = 255 * 0.225;

/** How many of VGG's convolutions the losses need. */
const UP_TO_CONV3_1 = 5;
const UP_TO_CONV3_3 = 7;

const readVgg = (path: string, count: number): VggConvolutions =>
  vggOfTorch(TorchWeights.read(path, 'VGG weights as torchvision names them'), count);

/** The perceptual loss of Deep Plastic Surgery. */
export async function createPerceptualLoss(
  { network, weights, layerWeights, normalisation }: DpsConfig['loss']['perceptual'],
  reporter: Reporter,
): Promise<PerceptualLoss> {
  if (network === 'vgg19') {
    const path = requireNamed(weights, 'VGG19');
    reporter.info(`Perceptual loss: VGG19 from ${path}, input normalised as ${normalisation}`);
    const normalise = normalisation === 'original' ? originalNormalisation : imagenetNormalisation;
    return perceptualLoss(readVgg(path, UP_TO_CONV3_1), normalise, layerWeights);
  }
  reporter.info('Perceptual loss: VGG16 fine-tuned on edges (HED), not the VGG19 of the paper');
  return perceptualLoss(await scaledHedTrunk(UP_TO_CONV3_1), hedNormalisation, layerWeights);
}

/** The perceptual and style losses of partial convolutions and SC-FEGAN. */
export async function createFeatureLosses(
  { network, weights }: PoolFeatures,
  reporter: Reporter,
): Promise<CompareFeatures> {
  if (network === 'vgg16') {
    const path = requireNamed(weights, 'VGG16');
    reporter.info(`Perceptual and style losses: VGG16 from ${path}`);
    return featureLosses(readVgg(path, UP_TO_CONV3_3), imagenetNormalisation);
  }
  reporter.info('Perceptual and style losses: VGG16 fine-tuned on edges (HED), not the VGG16 of the paper');
  return featureLosses(await scaledHedTrunk(UP_TO_CONV3_3), hedNormalisation);
}

const hedNormalisation: Normalisation = (image) =>
  tf.div(tf.sub(tf.mul(tf.add(image, 1), 127.5), [...hedMean]), BYTE_DEVIATION);

/** HED's first layers for inputs divided by {@link BYTE_DEVIATION}: rectifiers scale through, so only the biases change. */
async function scaledHedTrunk(count: number): Promise<VggConvolutions> {
  const trunk = await loadHedTrunk();
  const scaled = VGG16_CONVOLUTIONS.slice(0, count).map((name) => {
    const { kernel, bias } = trunk[name];
    return { kernel: kernel.clone(), bias: tf.div<typeof bias>(bias, BYTE_DEVIATION) };
  });
  for (const { kernel, bias } of Object.values(trunk)) tf.dispose([kernel, bias]);
  return scaled;
}

function requireNamed(weights: string | undefined, network: string): string {
  if (weights !== undefined) return weights;
  throw new UserError(`The configuration asks for ${network}, and names no file with its weights.`, {
    expected: 'the key `weights` beside `network`',
  });
}
