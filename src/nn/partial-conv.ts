import { addBias } from '../ops/convolution/bias.ts';
import { convolveUpsampled } from '../ops/convolution/upsampling.ts';
import { type Window, windowedSize } from '../ops/convolution/window.ts';
import { convolve } from '../ops/convolution/zero-padding.ts';
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import {
  convolutionInTorch,
  knownSize,
  type TorchWeight,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;

export interface PartialConv2DConfig extends Window {
  /** Unique in its network, as {@link ZeroPadConv2DConfig.name}. */
  name: string;
  filters: number;
  kernelSize: number;
  /** Whether a bias is added; true by default. */
  bias?: boolean;
  /**
   * What a sum over valid pixels is multiplied by: `window`, the size of the window over the number of its valid
   * pixels (the paper, by default), or `valid`, one over the number of valid pixels, with which weights grow
   * accordingly larger.
   */
  scale?: 'window' | 'valid';
  /** Doubles the first picture and its mask first, by nearest neighbour. Needs kernelSize 3, stride 1 and padding 1. */
  upsampleFirst?: boolean;
}

/**
 * A partial convolution (Liu et al. 2018, section 3.1; NVIDIA/partialconv partialconv2d.py; with scale `valid`
 * naoto0804/pytorch-inpainting-with-partial-conv net.py). Inputs are pictures and masks in turn, x1, m1, x2, m2, ...,
 * of which the channels count together: x [n,h,w,c] and m [n or 1,h,w,1 or c], 1 = valid (the opposite of a hole
 * mask). Outputs: y [n,h',w',filters], 0 where a window has no valid pixel, and the new mask [n or 1,h',w',1], 1
 * where a window has one. Zero padding counts as invalid. Masks take no gradient. Weights `kernel` [k,k,c,filters]
 * and, unless it has none, `bias` [filters].
 */
export class PartialConv2D extends WeightedLayer {
  static className = 'PartialConv2D';
  readonly config: Required<PartialConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias?: TensorFlow.LayerVariable;

  constructor(config: PartialConv2DConfig) {
    super({ name: config.name });
    this.config = {
      stride: 1,
      dilation: 1,
      bias: true,
      scale: 'window',
      upsampleFirst: false,
      ...config,
    };
    const { kernelSize, stride, padding, upsampleFirst } = this.config;
    if (upsampleFirst && (kernelSize !== 3 || stride !== 1 || padding !== 1))
      throw new RangeError(`${config.name}: upsampleFirst needs kernelSize 3, stride 1 and padding 1`);
  }

  override build(inputShape: Shape | Shape[]): void {
    const pictures = (inputShape as Shape[]).filter((_, index) => index % 2 === 0);
    const channels = pictures.reduce((sum, shape) => sum + knownSize(shape), 0);
    const { kernelSize, filters, bias } = this.config;
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, channels, filters], 'float32', zeros);
    if (bias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape[] {
    const { kernelSize, filters, upsampleFirst } = this.config;
    const [n, h, w] = (inputShape as Shape[])[0];
    const size = (length: number | null) =>
      length === null ? null : windowedSize(length * (upsampleFirst ? 2 : 1), kernelSize, this.config);
    return [filters, 1].map((channels) => [n, size(h), size(w), channels]);
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor[] {
    const tensors = inputs as Tensor4D[];
    const pictures = tensors.filter((_, index) => index % 2 === 0);
    const masks = tensors.filter((_, index) => index % 2 === 1);
    return tf.tidy(() => {
      const { scale, mask } = withoutTape(() => this.count(pictures, masks));
      const sum = tf.mul(this.convolveAll(pictures, masks), scale) as Tensor4D;
      const y = this.bias ? tf.mul(addBias(sum, this.bias.read()), mask) : sum;
      return [y, mask];
    });
  }

  /** The convolution of the valid pixels of all pictures, without a bias. */
  private convolveAll(pictures: readonly Tensor4D[], masks: readonly Tensor4D[]): Tensor4D {
    const valid = pictures.map((x, index) => tf.mul(x, masks[index]) as Tensor4D);
    const kernel = this.kernel.read() as Tensor4D;
    if (!this.config.upsampleFirst) return convolve(concatenated(valid), kernel, this.config);
    const [small, ...others] = valid as [Tensor4D, ...Tensor4D[]];
    const channels = small.shape[3];
    const [own, rest] = tf.split(kernel, [channels, kernel.shape[2] - channels], 2) as [Tensor4D, Tensor4D];
    const large = convolveUpsampled(small, own, 'zero');
    return others.length === 0 ? large : tf.add(large, convolve(concatenated(others), rest, this.config));
  }

  /** What each window's sum is multiplied by, 0 without valid pixels, and the new mask, both [n or 1,h',w',1]. */
  private count(pictures: readonly Tensor4D[], masks: readonly Tensor4D[]) {
    const { kernelSize, upsampleFirst, scale } = this.config;
    const counts = masks.map((mask, index) => {
      // A mask of one plane stands for as many equal ones as its picture has channels.
      const weight = pictures[index].shape[3] / mask.shape[3];
      const ones = tf.fill([kernelSize, kernelSize, mask.shape[3], 1], weight) as Tensor4D;
      return upsampleFirst && index === 0
        ? convolveUpsampled(mask, ones, 'zero')
        : convolve(mask, ones, this.config);
    });
    const valid = counts.reduce((sum, count) => tf.add(sum, count));
    const window = scale === 'window' ? kernelSize ** 2 * knownSize(this.kernel.shape, 2) : 1;
    const mask = tf.clipByValue(valid, 0, 1);
    return { mask, scale: tf.mul(tf.div(window, tf.add(valid, 1e-8)), mask) };
  }

  override drawWeights(draws: WeightDraws): void {
    draws.kernel(this.kernel);
    if (this.bias) draws.asBuilt(this.bias);
  }

  override torchWeights(): TorchWeight[] {
    return convolutionInTorch(this.kernel, this.bias);
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(PartialConv2D);

const concatenated = (parts: readonly Tensor4D[]): Tensor4D =>
  parts.length === 1 ? parts[0] : (tf.concat([...parts], 3) as Tensor4D);
