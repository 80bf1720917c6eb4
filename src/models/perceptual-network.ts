/** The networks whose features losses compare, as a configuration asks for them; the log says which one is in use. */

import { type CompareFeatures, featureLosses } from '../losses/features.ts';
import {
  imagenetNormalisation,
  type Normalisation,
  originalNormalisation,
  type PerceptualLoss,
  perceptualLoss,
} from '../losses/perceptual.ts';
import type { ConvolutionWeights } from '../nn/fixed-convolution.ts';
import { hedMean, loadHedTrunk } from '../nn/hed.ts';
import type { VggTrunk } from '../nn/vgg.ts';
import type { PoolTrunk } from '../nn/vgg-pools.ts';
import { vggPoolTrunkOfTorch, vggTrunkOfTorch } from '../nn/vgg-weights.ts';
import { tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import type { DpsConfig } from './dps/config.ts';
import type { PoolFeatures } from './feature-network.ts';

/** HED's trunk expects bytes minus its mean. Dividing by this brings its features near those of torchvision's networks. */
const BYTE_DEVIATION = 255 * 0.225;

/** The perceptual loss of Deep Plastic Surgery. */
export async function createPerceptualLoss(
  { network, weights, layerWeights, normalisation }: DpsConfig['loss']['perceptual'],
  reporter: Reporter,
): Promise<PerceptualLoss> {
  if (network === 'vgg19') {
    reporter.info(`Perceptual loss: VGG19 from ${weights}, input normalised as ${normalisation}`);
    const normalise = normalisation === 'original' ? originalNormalisation : imagenetNormalisation;
    return perceptualLoss(vggTrunkOfTorch(readSafetensors(weights!), weights), normalise, layerWeights);
  }
  reporter.info('Perceptual loss: VGG16 fine-tuned on edges (HED), not the VGG19 of the paper');
  const trunk = await scaledHedTrunk(['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1']);
  return perceptualLoss(trunk as unknown as VggTrunk, hedNormalisation, layerWeights);
}

/** The perceptual and style losses of partial convolutions and SC-FEGAN. */
export async function createFeatureLosses(
  { network, weights }: PoolFeatures,
  reporter: Reporter,
): Promise<CompareFeatures> {
  if (network === 'vgg16') {
    reporter.info(`Perceptual and style losses: VGG16 from ${weights}`);
    return featureLosses(vggPoolTrunkOfTorch(readSafetensors(weights!), weights), imagenetNormalisation);
  }
  reporter.info('Perceptual and style losses: VGG16 fine-tuned on edges (HED), not the VGG16 of the paper');
  const names = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2', 'conv3_3'];
  return featureLosses((await scaledHedTrunk(names)) as unknown as PoolTrunk, hedNormalisation);
}

const hedNormalisation: Normalisation = (image) =>
  tf.div(tf.sub(tf.mul(tf.add(image, 1), 127.5), [...hedMean]), BYTE_DEVIATION);

/** HED's first layers for inputs divided by {@link BYTE_DEVIATION}: rectifiers scale through, so only the biases change. */
async function scaledHedTrunk(names: readonly string[]): Promise<ConvolutionWeights[]> {
  const trunk = await loadHedTrunk();
  const scaled = names.map((name) => {
    const { kernel, bias } = trunk[name];
    return { kernel: kernel.clone(), bias: tf.div<typeof bias>(bias, BYTE_DEVIATION) };
  });
  for (const { kernel, bias } of Object.values(trunk)) tf.dispose([kernel, bias]);
  return scaled;
}
