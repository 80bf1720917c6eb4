import { addBias } from '../ops/convolution/bias.ts';
import { convolveReflected } from '../ops/convolution/reflection-padding.ts';
import { convolveUpsampled, type KernelMatrices, matricesOf } from '../ops/convolution/upsampling.ts';
import { isRecorded } from '../ops/gradients.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { tuned } from '../ops/tuning.ts';
import {
  convolutionInTorch,
  knownSize,
  type TorchWeight,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;

export interface ReflectionConv2DConfig {
  /** Unique in its network. The networks of a method name layers as the original's checkpoints name modules. */
  name: string;
  filters: number;
  kernelSize: number;
  stride?: number;
  /** Reflection padding on every side, px. */
  pad: number;
  /** Doubles height and width first, by nearest neighbour. Needs kernelSize 3, stride 1 and pad 1. */
  upsample?: boolean;
}

/**
 * Reflection padding and a convolution with bias: [n,h,w,c] → [n,h',w',filters], h' = floor((h + 2 pad - k) / stride) + 1,
 * h being doubled before where `upsample` is set. Weights `kernel` [k,k,c,filters] and `bias` [filters].
 * (DeepPS models.py, pix2pix.py: ReflectionPad2d + Conv2d, with Upsample before in RDCB.)
 */
export class ReflectionConv2D extends WeightedLayer {
  static className = 'ReflectionConv2D';
  readonly config: Required<ReflectionConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias!: TensorFlow.LayerVariable;
  #known: { readonly of: object; readonly matrices: KernelMatrices } | undefined;

  constructor(config: ReflectionConv2DConfig) {
    super({ name: config.name });
    this.config = { stride: 1, upsample: false, ...config };
    const { kernelSize, stride, pad, upsample } = this.config;
    if (upsample && (kernelSize !== 3 || stride !== 1 || pad !== 1))
      throw new RangeError(`${config.name}: upsample needs kernelSize 3, stride 1 and pad 1`);
  }

  override build(inputShape: Shape | Shape[]): void {
    const channels = knownSize(inputShape as Shape);
    const { kernelSize, filters } = this.config;
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, channels, filters], 'float32', zeros);
    this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, h, w] = inputShape as Shape;
    const { kernelSize, stride, pad, filters, upsample } = this.config;
    const size = (length: number | null) =>
      length === null ? null : Math.floor((length * (upsample ? 2 : 1) + 2 * pad - kernelSize) / stride) + 1;
    return [n, size(h), size(w), filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => this.convolve(x, this.kernel.read() as Tensor4D));
  }

  /** The convolution of x with a kernel of this layer's shape, bias added. */
  protected convolve(x: Tensor4D, kernel: Tensor4D): Tensor4D {
    const { stride, pad, upsample } = this.config;
    const y = upsample
      ? convolveUpsampled(x, kernel, 'reflected', this.matrices(kernel))
      : convolveReflected(x, kernel, { stride, pad, mode: 'REFLECT' });
    return addBias(y, this.bias.read());
  }

  /** The kernel's matrices while it does not change, as that of a network that does not learn. */
  private matrices(kernel: Tensor4D): KernelMatrices | undefined {
    if (!tuned() || isRecorded(kernel)) return undefined;
    if (this.#known?.of !== kernel.dataId) {
      this.forget();
      this.#known = { of: kernel.dataId, matrices: keep(matricesOf(kernel)) };
    }
    return this.#known?.matrices;
  }

  private forget(): void {
    for (const { ofImage, ofDifferences } of this.#known?.matrices ?? [])
      tf.dispose([ofImage, ofDifferences]);
    this.#known = undefined;
  }

  override dispose(): ReturnType<TensorFlow.layers.Layer['dispose']> {
    this.forget();
    return super.dispose();
  }

  override drawWeights(draws: WeightDraws): void {
    draws.kernel(this.kernel);
    draws.asBuilt(this.bias);
  }

  override torchWeights(): TorchWeight[] {
    return convolutionInTorch(this.kernel, this.bias);
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(ReflectionConv2D);

function keep(matrices: KernelMatrices): KernelMatrices {
  for (const { ofImage, ofDifferences } of matrices) {
    tf.keep(ofImage);
    tf.keep(ofDifferences);
  }
  return matrices;
}
