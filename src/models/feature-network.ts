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
import type { ConvolutionWeights } from '../nn/fixed-convolution.ts';
import { hedMean, loadHedTrunk } from '../nn/hed.ts';
import { TorchWeights } from '../nn/torch-weights.ts';
import {
  KERAS_VGG19,
  VGG16_CONVOLUTIONS,
  VGG16_PLACES,
  type VggConvolutions,
  vggOfTorch,
} from '../nn/vgg.ts';
import { tf } from '../ops/tf.ts';
import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { readSafetensorsFile } from '../weights/safetensors.ts';
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
  const instead = `or use the network that installs by itself: --set ${key.join('.')}.network=hed-vgg16`;
  if (network === KERAS_VGG19)
    return [
      {
        label: 'weights of Keras’ VGG19',
        key,
        path: weights,
        expected: 'the safetensors file that `npm run import` makes of Keras’ VGG19',
        fix: `${commandLine('import', '--from', 'model.json', '--out', `weights/${network}.safetensors`)}, of a TensorFlow.js model, .h5 or .keras file; ${instead}`,
      },
    ];
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
        `download torchvision’s ${file} and convert it: ${commandLine('import', '--from', file, '--out', `weights/${network}.safetensors`)}; ` +
        instead,
    },
  ];
}

/** Networks that were trained on bytes minus their mean are given these divided by one deviation, as torchvision's are. */
const BYTE_DEVIATION = 255 * 0.225;
/** What Keras' VGG19 was trained with, red, green, blue. keras/src/applications/imagenet_utils.py, mode 'caffe' */
const KERAS_MEAN = [123.68, 116.779, 103.939];

/** How many of VGG's convolutions the losses need. */
const UP_TO_CONV2_1 = 3;
const UP_TO_CONV3_1 = 5;
const UP_TO_CONV3_3 = 7;

const readVgg = (path: string, count: number): VggConvolutions =>
  vggOfTorch(TorchWeights.read(path, 'VGG weights as torchvision names them'), count);

type PerceptualConfig = DpsConfig['loss']['perceptual'];

/** The perceptual loss of Deep Plastic Surgery. */
export async function createPerceptualLoss(
  config: PerceptualConfig,
  reporter: Reporter,
): Promise<PerceptualLoss> {
  const { vgg, normalise } = await loadPerceptualNetwork(config, reporter);
  return perceptualLoss(vgg, normalise, config.layerWeights);
}

/** The layers that a perceptual loss needs, and what they expect of an image. */
export async function loadPerceptualNetwork(
  { network, weights, layerWeights, normalisation }: PerceptualConfig,
  reporter: Reporter,
): Promise<{ vgg: VggConvolutions; normalise: Normalisation }> {
  const count = layerWeights[1] === 0 ? UP_TO_CONV2_1 : UP_TO_CONV3_1;
  if (network === 'hed-vgg16') {
    reporter.info('Perceptual loss: VGG16 fine-tuned on edges (HED), not the VGG19 of the paper');
    return { vgg: await scaledHedTrunk(count), normalise: bytesMinus(hedMean) };
  }
  const path = requireNamed(weights, 'VGG19');
  requireVgg19(path, network, count);
  const vgg = readVgg(path, count);
  if (network === KERAS_VGG19) {
    reporter.info(
      `Perceptual loss: Keras’ VGG19 from ${path}, layers weighted ${layerWeights.join(' and ')}`,
    );
    return { vgg: vgg.map(forScaledInput), normalise: bytesMinus(KERAS_MEAN) };
  }
  reporter.info(`Perceptual loss: VGG19 from ${path}, input normalised as ${normalisation}`);
  return { vgg, normalise: normalisation === 'original' ? originalNormalisation : imagenetNormalisation };
}

/** Throws a UserError when a file holds torchvision's VGG19 in place of Keras', or Keras', or too few of its layers. */
function requireVgg19(path: string, network: 'vgg19' | typeof KERAS_VGG19, count: number): void {
  const { tensors, metadata } = readSafetensorsFile(path);
  const found = metadata?.network === KERAS_VGG19 ? KERAS_VGG19 : 'vgg19';
  if (found !== network)
    throw new UserError('The file of VGG19 is not the one that the configuration asks for.', {
      where: path,
      expected: `${network} (loss.perceptual.network)`,
      got: `${found}: they take other inputs, and their features differ in size`,
      fix: `--set loss.perceptual.network=${found}`,
    });
  const layers = VGG16_CONVOLUTIONS.slice(0, count);
  const missing = layers.filter((_, i) => !tensors.has(`features.${VGG16_PLACES[i]}.weight`));
  if (missing.length === 0) return;
  const usable = !missing.some((name) => VGG16_CONVOLUTIONS.indexOf(name) < UP_TO_CONV2_1);
  throw new UserError('Layers of VGG19 that the perceptual loss compares are not in its file.', {
    where: path,
    expected: `the convolutions up to ${layers[layers.length - 1]}`,
    got: `a file without ${missing.join(', ')}`,
    fix: usable
      ? 'import a file with more layers, or compare relu2_1 alone: --set "loss.perceptual.layerWeights=[1, 0]"'
      : 'import a file with more layers',
  });
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
  return featureLosses(await scaledHedTrunk(UP_TO_CONV3_3), bytesMinus(hedMean));
}

const bytesMinus =
  (mean: readonly number[]): Normalisation =>
  (image) =>
    tf.div(tf.sub(tf.mul(tf.add(image, 1), 127.5), [...mean]), BYTE_DEVIATION);

/** HED's first layers for inputs divided by {@link BYTE_DEVIATION}. */
async function scaledHedTrunk(count: number): Promise<VggConvolutions> {
  const trunk = await loadHedTrunk();
  const scaled = VGG16_CONVOLUTIONS.slice(0, count).map((name) => forScaledInput(trunk[name]));
  for (const { kernel, bias } of Object.values(trunk).slice(count)) tf.dispose([kernel, bias]);
  return scaled;
}

/** The same layer for inputs divided by {@link BYTE_DEVIATION}: rectifiers scale through, so only the bias changes. */
function forScaledInput({ kernel, bias }: ConvolutionWeights): ConvolutionWeights {
  const scaled = tf.keep(tf.div<typeof bias>(bias, BYTE_DEVIATION));
  bias.dispose();
  return { kernel, bias: scaled };
}

function requireNamed(weights: string | undefined, network: string): string {
  if (weights !== undefined) return weights;
  throw new UserError(`The configuration asks for ${network}, and names no file with its weights.`, {
    expected: 'the key `weights` beside `network`',
  });
}
