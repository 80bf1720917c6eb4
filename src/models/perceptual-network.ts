import type { Config } from '../config/schema.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import {
  imagenetNormalisation,
  type Normalisation,
  originalNormalisation,
  type PerceptualLoss,
  perceptualLoss,
} from '../losses/perceptual.ts';
import { hedMean, loadHedTrunk } from '../nn/hed.ts';
import type { VggTrunk } from '../nn/vgg.ts';
import { vggTrunkOfTorch } from '../nn/vgg-weights.ts';
import type { Reporter } from '../runtime/progress.ts';
import { tf } from '../runtime/tf.ts';

/** HED's trunk expects bytes minus its mean. Dividing by this brings its features near those of torchvision's VGG19. */
const BYTE_DEVIATION = 255 * 0.225;

/** The perceptual loss that a configuration asks for; says in the log which network it compares with. */
export async function createPerceptualLoss(config: Config, reporter: Reporter): Promise<PerceptualLoss> {
  const { network, weights, layerWeights, normalisation } = config.loss.perceptual;
  if (network === 'vgg19') {
    reporter.info(`Perceptual loss: VGG19 from ${weights}, input normalised as ${normalisation}`);
    const normalise = normalisation === 'original' ? originalNormalisation : imagenetNormalisation;
    return perceptualLoss(vggTrunkOfTorch(readSafetensors(weights!), weights), normalise, layerWeights);
  }
  reporter.info('Perceptual loss: VGG16 fine-tuned on edges (HED), not the VGG19 of the paper');
  return perceptualLoss(scaledTrunk(await loadHedTrunk()), hedNormalisation, layerWeights);
}

const hedNormalisation: Normalisation = (image) =>
  tf.div(tf.sub(tf.mul(tf.add(image, 1), 127.5), [...hedMean]), BYTE_DEVIATION);

/** The trunk for inputs divided by {@link BYTE_DEVIATION}: rectifiers scale through, so only the biases change. */
function scaledTrunk(trunk: Awaited<ReturnType<typeof loadHedTrunk>>): VggTrunk {
  const names = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1'];
  const scaled = names.map((name) => {
    const { kernel, bias } = trunk[name]!;
    return { kernel: kernel.clone(), bias: tf.div(bias, BYTE_DEVIATION) };
  });
  for (const { kernel, bias } of Object.values(trunk)) tf.dispose([kernel, bias]);
  return scaled as unknown as VggTrunk;
}
