/** Distances of images by the features that a network sees in them (Zhang et al., CVPR 2018, section 3). */
import { type Tensor, type Tensor4D, tf } from '../../ops/tf.ts';
import type { MetricBatch } from './metric.ts';
import { holeMeans, imageMeans, type RegionValues, readRows } from './region.ts';
import { LastOf } from './share.ts';

/** Against a division by 0 where a network sees nothing. */
const epsilon = 1e-10;

/** Layers' features [n,h,w,c], each pixel's of length 1. */
interface UnitFeatures {
  readonly layers: readonly Tensor4D[];
  dispose(): void;
}

export class FeatureDistance {
  readonly #truths: LastOf<UnitFeatures>;
  readonly #features: (images: Tensor4D) => Tensor4D[];
  readonly #weights: readonly Tensor[];

  /**
   * @param features of images [n,h,w,3] in [0, 1], by layer; they are disposed of.
   * @param weights of the squared differences of each layer's channels [c], or one for all [].
   */
  constructor(features: (images: Tensor4D) => Tensor4D[], weights: readonly Tensor[]) {
    this.#features = features;
    this.#weights = weights;
    this.#truths = new LastOf((images) => this.#unitFeatures(images));
  }

  /**
   * The weighted squared differences of unit features, added over the channels and the layers: their mean over the pixels
   * of each layer, and for the hole the mean inside it, after a bilinear resize of each layer's map to the image's size.
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
    return { image: image, hole: inside };
  }

  /** Frees what was kept of the last photos, and the weights. */
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
