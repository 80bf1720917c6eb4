import { addBias } from '../ops/convolution/bias.ts';
import { depthToSpace } from '../ops/depth-to-space.ts';
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

export interface TransposedConv2DConfig {
  /** Unique in its network, as {@link ZeroPadConv2DConfig.name}. */
  name: string;
  filters: number;
  kernelSize: number;
  /** Whether a bias is added; true by default. */
  bias?: boolean;
}

/**
 * A transposed convolution of stride 2 that doubles height and width: [n,h,w,c] → [n,2h,2w,filters]. Where it is given
 * two inputs, [x, like], the result has the second's height and width, each 2h or 2h - 1. Weights `kernel`
 * [k,k,filters,c] and, unless it has none, `bias` [filters]. With k = 4 and one input it is torch's
 * ConvTranspose2d(4, stride 2, padding 1); with any k TensorFlow's conv2d_transpose with padding SAME.
 */
export class TransposedConv2D extends WeightedLayer {
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
    const [x] = shapesOf(inputShape);
    const channels = knownSize(x);
    this.kernel = this.addWeight('kernel', [kernelSize, kernelSize, filters, channels], 'float32', zeros);
    if (bias) this.bias = this.addWeight('bias', [filters], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [[n, h, w], like] = shapesOf(inputShape);
    const { filters } = this.config;
    if (like) return [n, like[1], like[2], filters];
    const double = (length: number | null) => (length === null ? null : 2 * length);
    return [n, double(h), double(w), filters];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const [x, like] = [inputs].flat() as [Tensor4D, Tensor4D?];
    const [, h, w] = x.shape;
    const size = like ? ([like.shape[1], like.shape[2]] as const) : ([2 * h, 2 * w] as const);
    return tf.tidy(() => {
      const y = convolveTransposed(x, this.kernel.read() as Tensor4D, size);
      return this.bias ? addBias(y, this.bias.read()) : y;
    });
  }

  override drawWeights(draws: WeightDraws): void {
    draws.kernel(this.kernel);
    if (this.bias) draws.asBuilt(this.bias);
  }

  override torchWeights(): TorchWeight[] {
    return convolutionInTorch(this.kernel, this.bias);
  }

  override tf1Weights(_gates: Tf1Gates): Tf1Weight[] {
    const kernel = { name: '/w', weight: this.kernel };
    return this.bias ? [kernel, { name: '/biases1', weight: this.bias }] : [kernel];
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.config };
  }
}
tf.serialization.registerClass(TransposedConv2D);

const shapesOf = (shape: Shape | Shape[]): [Shape, Shape?] =>
  Array.isArray(shape[0]) ? (shape as [Shape, Shape?]) : [shape as Shape];

/** Of an output phase along one axis: the kernel's taps that it sees, and the place of the first input it needs. */
interface Phase {
  readonly taps: readonly number[];
  readonly first: number;
}

/**
 * The transposed convolution of stride 2 of x [n,h,w,c] with a kernel [k,k,filters,c], as one plain convolution: even
 * and odd output pixels see different taps of the kernel, so each of the four phases has a small kernel of its own.
 * An operation with the result's size in it would fix the batch size of an exported network.
 *
 * @param size of the result: height 2h or 2h - 1, width 2w or 2w - 1.
 */
export function convolveTransposed(x: Tensor4D, kernel: Tensor4D, size: readonly [number, number]): Tensor4D {
  return tf.tidy(() => {
    const [, h, w] = x.shape;
    const rows = phasesOf(kernel.shape[0], h, size[0]);
    const columns = phasesOf(kernel.shape[1], w, size[1]);
    const taps = Math.max(...[...rows, ...columns].map((phase) => phase.taps.length));
    const kernels = rows.flatMap((row) => {
      const part = takeTaps(kernel, row, taps, 0);
      return columns.map((column) => takeTaps(part, column, taps, 1));
    });
    // [taps, taps, filters, c] each, the transposed kernel's axes in the order of a plain one's.
    const all = tf.concat(
      kernels.map((part) => tf.transpose(part, [0, 1, 3, 2])),
      3,
    ) as Tensor4D;
    const [above, left] = [rows, columns].map(zerosAround(taps)) as [[number, number], [number, number]];
    const padded = tf.pad(x, [[0, 0], above, left, [0, 0]]) as Tensor4D;
    const parts = tf.split(tf.conv2d(padded, all, 1, 'valid'), 4, 3).map((part, index) => {
      const [row, column] = [rows[index >> 1], columns[index & 1]];
      return tf.slice(part, [0, row.first + above[0], column.first + left[0], 0], [-1, h, w, -1]);
    });
    const whole = depthToSpace(tf.concat(parts, 3) as Tensor4D, 2);
    if (size[0] === 2 * h && size[1] === 2 * w) return whole;
    return tf.slice(whole, [0, 0, 0, 0], [-1, ...size, -1]);
  });
}

/** What an even and an odd output pixel see of the input: pixel o sees x[i] by tap t where 2 i + t - pad = o. */
function phasesOf(kernelSize: number, small: number, large: number): readonly [Phase, Phase] {
  if (large !== 2 * small && large !== 2 * small - 1)
    throw new RangeError(
      `A transposed convolution of stride 2 makes ${2 * small} or one less of ${small}, not ${large}`,
    );
  // What SAME puts before the larger picture.
  const pad = Math.max(0, 2 * (small - 1) + kernelSize - large) >> 1;
  const phase = (odd: 0 | 1): Phase => {
    const least = (odd + pad) % 2;
    const count = Math.max(0, Math.ceil((kernelSize - least) / 2));
    const taps = Array.from({ length: count }, (_, j) => least + 2 * j).reverse();
    return { taps, first: (odd + pad - (taps[0] ?? least)) / 2 };
  };
  return [phase(0), phase(1)];
}

/** How many zeros both phases together need before and after the input. */
const zerosAround =
  (taps: number) =>
  (phases: readonly [Phase, Phase]): [number, number] => {
    const firsts = phases.map(({ first }) => first);
    return [Math.max(0, -Math.min(...firsts)), Math.max(0, Math.max(...firsts) + taps - 1)];
  };

/** A phase's taps of a kernel along `axis`, in the order of the input's pixels, and zeros up to `count`. */
function takeTaps(kernel: Tensor, { taps }: Phase, count: number, axis: number): Tensor {
  const parts = tf.split(kernel, kernel.shape[axis], axis);
  const zeros = Array.from({ length: count - taps.length }, () => tf.zerosLike(parts[0]));
  return tf.concat([...taps.map((tap) => parts[tap]), ...zeros], axis);
}
