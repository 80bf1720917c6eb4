import { addBias } from '../ops/convolution/bias.ts';
import { type Window, windowedSize } from '../ops/convolution/window.ts';
import { convolve } from '../ops/convolution/zero-padding.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import {
  convolutionInTorch,
  knownSize,
  type Tf1Gates,
  type Tf1Weight,
  type TorchWeight,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;

export interface ZeroPadConv2DConfig extends Window {
  /** Unique in its network. The networks of a method name layers as the original's checkpoints name modules. */
  name: string;
  filters: number;
  kernelSize: number;
  /** Whether a bias is added; true by default. */
  bias?: boolean;
}

/**
 * A convolution with zero padding: [n,h,w,c] → [n,h',w',filters], h' as {@link windowedSize} says. Weights `kernel`
 * [k,k,c,filters] and, unless it has none, `bias` [filters]. (torch Conv2d; TensorFlow's conv2d.)
 */
export class ZeroPadConv2D extends WeightedLayer {
  static className = 'ZeroPadConv2D';
  readonly config: Required<ZeroPadConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias?: TensorFlow.LayerVariable;

  constructor(config: ZeroPadConv2DConfig) {
    super({ name: config.name });
    this.config = { stride: 1, dilation: 1, bias: true, ...config };
  }

  override build(inputShape: Shape | Shape[]): void {
    const { kernelSize, filters, bias } = this.config;
    const zeros = tf.initializers.zeros();
    const channels = knownSize(inputShape as Shape);
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, channels, filters], 'float32', zeros);
    if (bias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, h, w] = inputShape as Shape;
    const size = (length: number | null) =>
      length === null ? null : windowedSize(length, this.config.kernelSize, this.config);
    return [n, size(h), size(w), this.config.filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => this.convolve(x, this.kernel.read() as Tensor4D));
  }

  /** The convolution of x with a kernel of this layer's shape, bias added. */
  protected convolve(x: Tensor4D, kernel: Tensor4D): Tensor4D {
    const y = convolve(x, kernel, this.config);
    return this.bias ? addBias(y, this.bias.read()) : y;
  }

  override drawWeights(draws: WeightDraws): void {
    draws.kernel(this.kernel);
    if (this.bias) draws.asBuilt(this.bias);
  }

  override torchWeights(): TorchWeight[] {
    return convolutionInTorch(this.kernel, this.bias);
  }

  override tf1Weights(_gates: Tf1Gates): Tf1Weight[] {
    const kernel = { name: '/kernel', weight: this.kernel };
    return this.bias ? [kernel, { name: '/bias', weight: this.bias }] : [kernel];
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(ZeroPadConv2D);
