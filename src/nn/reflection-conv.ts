import { convolveMirrored } from '../runtime/convolution.ts';
import { addBias, depthToSpace } from '../runtime/ops.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../runtime/tf.ts';
import { convolve } from '../runtime/zero-pad-convolution.ts';

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
export class ReflectionConv2D extends tf.layers.Layer {
  static className = 'ReflectionConv2D';
  readonly config: Required<ReflectionConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias!: TensorFlow.LayerVariable;

  constructor(config: ReflectionConv2DConfig) {
    super({ name: config.name });
    this.config = { stride: 1, upsample: false, ...config };
    const { kernelSize, stride, pad, upsample } = this.config;
    if (upsample && (kernelSize !== 3 || stride !== 1 || pad !== 1))
      throw new RangeError(`${config.name}: upsample needs kernelSize 3, stride 1 and pad 1`);
  }

  override build(inputShape: Shape | Shape[]): void {
    const channels = (inputShape as Shape)[3]!;
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
    return [n!, size(h!), size(w!), filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => this.convolve(x, this.kernel.read() as Tensor4D));
  }

  /** The convolution of x with a kernel of this layer's shape, bias added. */
  protected convolve(x: Tensor4D, kernel: Tensor4D): Tensor4D {
    const { stride, pad, upsample } = this.config;
    const y = upsample
      ? convolveUpsampled(x, kernel)
      : convolveMirrored(x, kernel, { stride, pad, mode: 'REFLECT' });
    return addBias(y, this.bias.read());
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(ReflectionConv2D);

/**
 * Nearest ×2 upsampling, padding by 1, reflected or of zeros, and a 3×3 convolution, as one 2×2 convolution over the small image
 * with 4/9 of the multiplications: of the nine taps that each of the four output phases sees, those that fall on the
 * same source pixel are summed into one. [n,h,w,c] → [n,2h,2w,filters].
 */
export function convolveUpsampled(
  x: Tensor4D,
  kernel: Tensor4D,
  border: 'reflected' | 'zero' = 'reflected',
): Tensor4D {
  return tf.tidy(() => {
    const [, h, w] = x.shape;
    const phases = foldPairs(kernel, 0).flatMap((rows) => foldPairs(rows, 1));
    const folded = tf.concat(phases, 3) as Tensor4D;
    // Reflecting the doubled image by one repeats the border pixel.
    const all =
      border === 'reflected'
        ? convolveMirrored(x, folded, { stride: 1, pad: 1, mode: 'SYMMETRIC' })
        : convolve(x, folded, { padding: 1 });
    const parts = tf.split(all, 4, 3).map((part, phase) => {
      const row = phase >> 1;
      const column = phase & 1;
      return tf.slice(part, [0, row, column, 0], [-1, h, w, -1]);
    });
    return depthToSpace(tf.concat(parts, 3) as Tensor4D, 2);
  });
}

/** A kernel of three taps along `axis` as the two kernels of two taps that even and odd output positions see. */
function foldPairs(kernel: Tensor, axis: number): [Tensor, Tensor] {
  const [first, middle, last] = tf.split(kernel, 3, axis) as [Tensor, Tensor, Tensor];
  return [tf.concat([first, tf.add(middle, last)], axis), tf.concat([tf.add(first, middle), last], axis)];
}
