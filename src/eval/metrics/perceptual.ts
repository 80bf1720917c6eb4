/** Perceptual distances: LPIPS, and one from the features of HED, whose weights install by themselves. */
import { AlexNet } from '../../nn/alexnet.ts';
import { loadHed } from '../../nn/hed.ts';
import { Vgg16 } from '../../nn/vgg.ts';
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricBatch, MetricContext, SampleMetric } from './metric.ts';
import { bothRegions, holeMeans, imageMeans, type RegionValues, readRows } from './region.ts';
import { borrow, LastOf } from './share.ts';
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
 * hole it is the mean over the hole's pixels of the map that the package gives with `spatial=True`.
 *
 * @throws UserError when a weight file is missing or holds something else.
 */
export function createLpips(net: keyof typeof networks, context: MetricContext): SampleMetric {
  const { title, weights, channels, Network } = networks[net];
  const name = `lpips-${net}` as const;
  // The small file is read first, so that it is reported as missing before the large network is loaded.
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

/** Blocks of HED's VGG16. */
const hedLayers = 5;

/**
 * A perceptual distance that needs no weights beside those that install: squared differences of unit features of HED's
 * VGG16, after the last ReLU of each of its five blocks, added over channels, averaged over pixels and layers; from 0 to 2.
 * It is LPIPS (Zhang et al., CVPR 2018) without the learned layers, of a network that was fine-tuned to find edges: its
 * numbers do not compare with LPIPS.
 *
 * @throws UserError when HED's weights are missing.
 */
export async function createHedPerceptual(): Promise<SampleMetric> {
  const { value: hed, release } = await borrow('hed', () => loadHed());
  const features = (images: Tensor4D) => hed.features(tf.mul(images, 255));
  const distance = new FeatureDistance(
    features,
    Array.from({ length: hedLayers }, () => tf.keep(tf.scalar(1 / hedLayers))),
  );
  return {
    kind: 'sample',
    name: 'hed-perceptual',
    title: 'HED perceptual',
    unit: '',
    better: 'lower',
    definition:
      'Mean squared difference to the photo of unit features of HED’s VGG16, five layers; built like LPIPS, not comparable with it.',
    regions: bothRegions,
    measure: (batch) => distance.measure(batch),
    dispose() {
      distance.dispose();
      release();
    },
  };
}

/** Keeps features that are all 0 from being divided by 0. */
const epsilon = 1e-10;

/** For each layer, features [n,h,w,c] whose length at every pixel is 1. */
interface UnitFeatures {
  readonly layers: readonly Tensor4D[];
  dispose(): void;
}

/** Distance of images by the features that a network sees in them (Zhang et al., CVPR 2018, section 3). */
class FeatureDistance {
  readonly #truths: LastOf<UnitFeatures>;
  readonly #features: (images: Tensor4D) => Tensor4D[];
  readonly #weights: readonly Tensor[];

  /**
   * @param features computes the layers' features of images [n,h,w,3] in [0, 1]. It runs inside a tidy.
   * @param weights for each layer, the weights of its channels' squared differences [c], or one weight for all [].
   */
  constructor(features: (images: Tensor4D) => Tensor4D[], weights: readonly Tensor[]) {
    this.#features = features;
    this.#weights = weights;
    this.#truths = new LastOf((images) => this.#unitFeatures(images));
  }

  /**
   * Weighted squared differences of unit features, added over channels and layers. For the image they are averaged over
   * each layer's pixels; for the hole, each layer's map is resized (bilinearly) to the image and averaged inside the hole.
   */
  async measure({ truth, result, hole }: MetricBatch): Promise<RegionValues> {
    const expected = this.#truths.of(truth);
    const values = tf.tidy(() => {
      const size: [number, number] = [truth.shape[1], truth.shape[2]];
      const maps = this.#features(result).map((x, i) => {
        const difference = tf.squaredDifference(unit(x), expected.layers[i]);
        return tf.sum(tf.mul(difference, this.#weights[i]), 3, true) as Tensor4D;
      });
      const resized = maps.map((map) => tf.image.resizeBilinear(map, size, false, true));
      return tf.stack([tf.addN(maps.map(imageMeans)), holeMeans(tf.addN(resized), hole)]);
    });
    const [image, inside] = await readRows(values);
    return { image, hole: inside };
  }

  /** Frees the features kept of the last photos, and the weights. */
  dispose(): void {
    this.#truths.dispose();
    tf.dispose([...this.#weights]);
  }

  #unitFeatures(images: Tensor4D): UnitFeatures {
    const layers = tf.tidy(() => this.#features(images).map((x) => tf.keep(unit(x))));
    return { layers, dispose: () => tf.dispose([...layers]) };
  }
}

function unit(x: Tensor4D): Tensor4D {
  return tf.div(x, tf.add(tf.sqrt(tf.sum(tf.square(x), 3, true)), epsilon));
}
