import { addBias, depthToSpace } from '../runtime/ops.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../runtime/tf.ts';

type Shape = TensorFlow.Shape;

export interface TransposedConv2DConfig {
  /** Unique in its network, as {@link ZeroPadConv2DConfig.name}. */
  name: string;
  filters: number;
  kernelSize: number;
  /** Whether a bias is added; true by default. */
  bias?: boolean;
}

/**
 * A transposed convolution of stride 2 that doubles height and width: [n,h,w,c] → [n,2h,2w,filters]. Weights `kernel`
 * [k,k,filters,c] and, unless it has none, `bias` [filters]. With k = 4 it is torch's ConvTranspose2d(4, stride 2,
 * padding 1); with any k TensorFlow's conv2d_transpose with padding SAME.
 */
export class TransposedConv2D extends tf.layers.Layer {
  static className = 'TransposedConv2D';
  readonly config: Required<TransposedConv2DConfig>;
  kernel!: TensorFlow.LayerVariable;
  bias?: TensorFlow.LayerVariable;

  constructor(config: TransposedConv2DConfig) {
    super({ name: config.name });
    this.config = { bias: true, ...config };
  }

  override build(inputShape: Shape | Shape[]): void {
    const { kernelSize, filters, bias } = this.config;
    const zeros = tf.initializers.zeros();
    const channels = (inputShape as Shape)[3]!;
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, filters, channels], 'float32', zeros);
    if (bias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [n, h, w] = inputShape as Shape;
    const double = (length: number | null) => (length === null ? null : 2 * length);
    return [n!, double(h!), double(w!), this.config.filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => {
      const y = convolveTransposed(x, this.kernel.read() as Tensor4D);
      return this.bias ? addBias(y, this.bias.read()) : y;
    });
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(TransposedConv2D);

/** Of an output phase along one axis: the kernel's taps that it sees, and the place of the first input it needs. */
interface Phase {
  readonly taps: readonly number[];
  readonly first: number;
}

/**
 * The transposed convolution of stride 2 of x [n,h,w,c] with a kernel [k,k,filters,c], as one plain convolution: even
 * and odd output pixels see different taps of the kernel, so each of the four phases has a small kernel of its own.
 * An operation with the result's size in it would fix the batch size of an exported network.
 */
export function convolveTransposed(x: Tensor4D, kernel: Tensor4D): Tensor4D {
  return tf.tidy(() => {
    const [, h, w] = x.shape;
    const phases = phasesOf(kernel.shape[0]);
    const taps = Math.max(...phases.map((phase) => phase.taps.length));
    const before = -Math.min(...phases.map((phase) => phase.first));
    const after = Math.max(...phases.map((phase) => phase.first)) + taps - 1;
    const kernels = phases.flatMap((row) => {
      const rows = takeTaps(kernel, row, taps, 0);
      return phases.map((column) => takeTaps(rows, column, taps, 1));
    });
    // [taps, taps, filters, c] each, the transposed kernel's axes in the order of a plain one's.
    const all = tf.concat(
      kernels.map((part) => tf.transpose(part, [0, 1, 3, 2])),
      3,
    ) as Tensor4D;
    const padded = tf.pad(x, [
      [0, 0],
      [before, after],
      [before, after],
      [0, 0],
    ]) as Tensor4D;
    const parts = tf.split(tf.conv2d(padded, all, 1, 'valid'), 4, 3).map((part, index) => {
      const [row, column] = [phases[index >> 1]!, phases[index & 1]!];
      return tf.slice(part, [0, row.first + before, column.first + before, 0], [-1, h, w, -1]);
    });
    return depthToSpace(tf.concat(parts, 3) as Tensor4D, 2);
  });
}

/** What an even and an odd output pixel see of the input: pixel o sees x[i] by tap t where 2 i + t - pad = o. */
function phasesOf(size: number): readonly [Phase, Phase] {
  // What SAME puts before the larger picture, whose sides are even.
  const pad = Math.max(0, size - 2) >> 1;
  const phase = (odd: 0 | 1): Phase => {
    const least = (odd + pad) % 2;
    const taps = Array.from({ length: Math.ceil((size - least) / 2) }, (_, j) => least + 2 * j).reverse();
    return { taps, first: (odd + pad - (taps[0] ?? least)) / 2 };
  };
  return [phase(0), phase(1)];
}

/** A phase's taps of a kernel along `axis`, in the order of the input's pixels, and zeros up to `count`. */
function takeTaps(kernel: Tensor, { taps }: Phase, count: number, axis: number): Tensor {
  const parts = tf.split(kernel, kernel.shape[axis]!, axis);
  const zeros = Array.from({ length: count - taps.length }, () => tf.zerosLike(parts[0]!));
  return tf.concat([...taps.map((tap) => parts[tap]!), ...zeros], axis);
}
