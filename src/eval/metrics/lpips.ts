import { AlexNet } from '../../nn/alexnet.ts';
import { Vgg16 } from '../../nn/vgg16.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricContext } from './context.ts';
import { FeatureDistance } from './feature-distance.ts';
import type { SampleMetric } from './metric.ts';
import { bothRegions } from './region.ts';
import { readUserWeights } from './user-weights.ts';

/** The scaling layer of LPIPS, for images in [-1, 1]. */
const shift = [-0.03, -0.088, -0.188];
const scale = [0.458, 0.448, 0.45];

const networks = {
  alex: { title: 'AlexNet', weights: 'alexnet', channels: [64, 192, 384, 256, 256], Network: AlexNet },
  vgg: { title: 'VGG16', weights: 'vgg16', channels: [64, 128, 256, 512, 512], Network: Vgg16 },
} as const;

/**
 * Learned perceptual image patch similarity, version 0.1 (Zhang, Isola, Efros, Shechtman and Wang, CVPR 2018;
 * https://github.com/richzhang/PerceptualSimilarity): differences of unit features of a torchvision network,
 * squared, weighted by a learned layer `linN.model.1.weight`, averaged over pixels and added over five layers. In the
 * hole: the package's `spatial=True` map, averaged over the hole's pixels.
 *
 * @throws UserError when a weight file is missing or holds something else.
 */
export function createLpips(net: keyof typeof networks, context: MetricContext): SampleMetric {
  const { title, weights, channels, Network } = networks[net];
  const name = `lpips-${net}` as const;
  // First, as it is read in no time: a missing file is reported before the network is loaded.
  const linear = readUserWeights(context.weights, name, name);
  const backbone = new Network(readUserWeights(context.weights, weights, name));
  const features = (images: Tensor4D) =>
    backbone.features(tf.div(tf.sub(tf.sub(tf.mul(images, 2), 1), shift), scale));
  const distance = new FeatureDistance(
    features,
    channels.map((count, i) => tf.keep(tf.tensor1d(linear.take(`lin${i}.model.1.weight`, [1, count, 1, 1])))),
  );
  return {
    kind: 'sample',
    name,
    title: `LPIPS (${title})`,
    unit: '',
    better: 'lower',
    definition: `Learned perceptual image patch similarity v0.1 of result and photo (Zhang et al. 2018), ${title} with linear layers.`,
    regions: bothRegions,
    measure: (batch) => distance.measure(batch),
    dispose() {
      distance.dispose();
      backbone.dispose();
    },
  };
}
