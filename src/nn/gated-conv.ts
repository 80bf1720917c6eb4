import { leakyRelu, relu } from '../ops/activations.ts';
import { addBias } from '../ops/convolution/bias.ts';
import { convolveUpsampled } from '../ops/convolution/upsampling.ts';
import { type Window, windowedSize } from '../ops/convolution/window.ts';
import { convolve } from '../ops/convolution/zero-padding.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import {
  knownSize,
  type Tf1Gates,
  type Tf1Weight,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;
const LEAK = 0.2;

export interface GatedConv2DConfig extends Omit<Window, 'padding'> {
  /** Unique in its network, as {@link ZeroPadConv2DConfig.name}. */
  name: string;
  /** Channels of the result; as many gates belong to them. */
  filters: number;
  kernelSize: number;
  /** What becomes of the features before they are gated. `leaky` has the slope 0.2. */
  activation: 'elu' | 'relu' | 'leaky' | 'linear';
  /** Whether the features are divided by those of neighbouring channels before their activation; false by default. */
  responseNorm?: boolean;
  /** Doubles height and width first, by nearest neighbour. Needs kernelSize 3 and no stride or dilation. */
  upsample?: boolean;
}

/**
 * A gated convolution (Yu et al. 2019, section 3.1): activation(features) · sigmoid(gates), both from one convolution
 * with zero padding that keeps the size but for its stride ("same"): [n,h,w,c] → [n,h',w',filters]. Weights `kernel`
 * [k,k,c,2 filters] and `bias` [2 filters], features first. With `elu` it is DeepFillv2's gen_conv (inpaint_ops.py:22-56,
 * `upsample` its gen_deconv), with `leaky` and `responseNorm` SC-FEGAN's gate_conv (ops.py:9-28), whose two
 * convolutions are here the halves of one.
 */
export class GatedConv2D extends WeightedLayer {
  static className = 'GatedConv2D';
  readonly config: Required<GatedConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias!: TensorFlow.LayerVariable;

  constructor(config: GatedConv2DConfig) {
    super({ name: config.name });
    this.config = { stride: 1, dilation: 1, responseNorm: false, upsample: false, ...config };
    const { kernelSize, stride, dilation, upsample } = this.config;
    if (upsample && (kernelSize !== 3 || stride !== 1 || dilation !== 1))
      throw new RangeError(`${config.name}: upsample needs kernelSize 3 and no stride or dilation`);
  }

  override build(inputShape: Shape | Shape[]): void {
    const { kernelSize, filters } = this.config;
    const channels = knownSize(inputShape as Shape);
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, channels, 2 * filters], 'float32', zeros);
    this.bias = this.addWeight('bias', [2 * filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const { kernelSize, filters, upsample } = this.config;
    const [n, h, w] = inputShape as Shape;
    const size = (length: number | null) =>
      length === null ? null : windowedSize(length * (upsample ? 2 : 1), kernelSize, this.#window);
    return [n, size(h), size(w), filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => {
      const { features, gates } = this.parts(x);
      return tf.mul(features, gates);
    });
  }

  /** The activated features and the gates in (0, 1), both [n,h',w',filters]. */
  parts(x: Tensor4D): { features: Tensor4D; gates: Tensor4D } {
    const { activation, responseNorm, upsample } = this.config;
    const kernel = this.kernel.read() as Tensor4D;
    const convolved = upsample ? convolveUpsampled(x, kernel, 'zero') : convolve(x, kernel, this.#window);
    const [features, gates] = tf.split(addBias(convolved, this.bias.read()), 2, 3) as [Tensor4D, Tensor4D];
    const normalized = responseNorm ? normalizeResponse(features) : features;
    return { features: ACTIVATIONS[activation](normalized), gates: tf.sigmoid(gates) };
  }

  get #window(): Window {
    const { stride, dilation } = this.config;
    return { stride, dilation, padding: 'same' };
  }

  override drawWeights(draws: WeightDraws): void {
    draws.kernel(this.kernel);
    draws.asBuilt(this.bias);
  }

  override tf1Weights(gates: Tf1Gates): Tf1Weight[] {
    const weights = [
      { name: '/kernel', weight: this.kernel },
      { name: '/bias', weight: this.bias },
    ];
    if (gates === 'own kernel') return weights;
    return weights.flatMap(({ name, weight }): Tf1Weight[] => [
      { name, weight, half: 0 },
      { name: `_g${name}`, weight, half: 1 },
    ]);
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(GatedConv2D);

const ACTIVATIONS = {
  elu: (x: Tensor4D) => tf.elu(x),
  relu: (x: Tensor4D) => relu(x) as Tensor4D,
  leaky: (x: Tensor4D) => leakyRelu(x, LEAK) as Tensor4D,
  linear: (x: Tensor4D) => x,
};

/**
 * Local response normalisation as SC-FEGAN calls it (ops.py:19): each channel divided by the root of 5e-5 and the sum
 * of squares of the channels at most 5 away from it.
 */
const normalizeResponse = (x: Tensor4D): Tensor4D => tf.localResponseNormalization(x, 5, 5e-5, 1, 0.5);
