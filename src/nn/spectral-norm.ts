/** Spectral normalisation (Miyato et al. 2018) of convolutions, as torch has it and as DeepFillv2 has it. */
import { withoutTape } from '../ops/gradients.ts';
import { type Tensor, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { ReflectionConv2D } from './reflection-conv.ts';
import {
  asOurs,
  kernelLayout,
  knownSize,
  type Tf1Gates,
  type Tf1Weight,
  type TorchWeight,
  type WeightDraws,
  windowLayout,
} from './weighted-layer.ts';
import { ZeroPadConv2D } from './zero-pad-conv.ts';

/**
 * {@link ReflectionConv2D} whose kernel is divided by its spectral norm, estimated by one power iteration before each
 * use in training (torch.nn.utils.spectral_norm, Miyato et al. 2018). The gradient flows through the norm, with the
 * singular vectors held constant. Besides kernel and bias it has the state `u` [filters] and `v` [k·k·c]; outside
 * training these are used as they are.
 */
export class SpectralConv2D extends ReflectionConv2D {
  static override className = 'SpectralConv2D';
  u!: TensorFlow.LayerVariable;
  v!: TensorFlow.LayerVariable;

  override build(inputShape: TensorFlow.Shape | TensorFlow.Shape[]): void {
    super.build(inputShape);
    const { kernelSize, filters } = this.config;
    const fanIn = kernelSize ** 2 * knownSize(inputShape as TensorFlow.Shape);
    const zeros = tf.initializers.zeros();
    this.u = this.addWeight('u', [filters], 'float32', zeros, undefined, false);
    this.v = this.addWeight('v', [fanIn], 'float32', zeros, undefined, false);
  }

  /**
   * The original's own initialisation does not reach the weights under spectral normalisation on a GPU, so that they
   * keep torch's default for convolutions.
   */
  override drawWeights(draws: WeightDraws): void {
    const [size, , channels] = this.kernel.shape as number[];
    draws.uniform(this.kernel, size * size * channels);
    draws.asBuilt(this.bias);
    draws.direction(this.u);
    draws.direction(this.v);
  }

  override torchWeights(): TorchWeight[] {
    return [
      { name: 'weight_orig', weight: this.kernel, layout: kernelLayout },
      { name: 'bias', weight: this.bias, layout: asOurs },
      { name: 'weight_u', weight: this.u, layout: asOurs },
      { name: 'weight_v', weight: this.v, layout: windowLayout(this.config.kernelSize) },
    ];
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => {
      const kernel = this.kernel.read() as Tensor4D;
      const matrix = tf.reshape(kernel, [-1, this.config.filters]) as Tensor2D;
      const { u, v } = kwargs.training ? withoutTape(() => this.iterate(matrix)) : this.vectors();
      return this.convolve(x, tf.div(kernel, tf.sum(tf.mul(tf.matMul(matrix, v, true), u))));
    });
  }

  private vectors(): { u: Tensor2D; v: Tensor2D } {
    return { u: column(this.u.read()), v: column(this.v.read()) };
  }

  private iterate(matrix: Tensor2D): { u: Tensor2D; v: Tensor2D } {
    const v = unit<Tensor2D>(tf.matMul(matrix, this.vectors().u));
    const u = unit<Tensor2D>(tf.matMul(matrix, v, true));
    this.v.write(tf.reshape(v, [-1]));
    this.u.write(tf.reshape(u, [-1]));
    return { u, v };
  }
}
tf.serialization.registerClass(SpectralConv2D);

const column = (vector: Tensor): Tensor2D => tf.reshape(vector, [-1, 1]);

/** A vector divided by its length, which counts as at least 1e-12, as in torch. */
const unit = <T extends Tensor>(vector: T): T =>
  tf.div<T>(vector, tf.maximum(tf.sqrt(tf.sum(tf.square(vector))), 1e-12));

/**
 * {@link ZeroPadConv2D} whose kernel is divided by its spectral norm as DeepFillv2's discriminator does it (neuralgym
 * gan_ops.py:110-141): one power iteration in each use, from the state `u` [filters], through which the gradient flows
 * too, `u` itself being constant. In training `u` moves on. ({@link SpectralConv2D} is torch's way, which holds both
 * singular vectors constant.)
 */
export class PowerIterationConv2D extends ZeroPadConv2D {
  static override className = 'PowerIterationConv2D';
  u!: TensorFlow.LayerVariable;

  override build(inputShape: TensorFlow.Shape | TensorFlow.Shape[]): void {
    super.build(inputShape);
    const ones = tf.initializers.ones();
    this.u = this.addWeight('u', [this.config.filters], 'float32', ones, undefined, false);
  }

  override drawWeights(draws: WeightDraws): void {
    super.drawWeights(draws);
    draws.normal(this.u);
  }

  override tf1Weights(gates: Tf1Gates): Tf1Weight[] {
    const u = { name: '/kernel_sn/u', weight: this.u, shape: [1, this.config.filters] };
    return [...super.tf1Weights(gates), u];
  }

  override call(inputs: Tensor | Tensor[], { training }: { training?: boolean }): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => {
      const kernel = this.kernel.read() as Tensor4D;
      const matrix = tf.reshape(kernel, [-1, this.config.filters]) as Tensor2D;
      const u = tf.reshape(this.u.read(), [1, -1]) as Tensor2D;
      const v = withLength1(tf.matMul(u, matrix, false, true));
      const product: Tensor2D = tf.matMul(v, matrix);
      const next = withLength1(product);
      if (training) withoutTape(() => this.u.write(tf.reshape(next, [-1])));
      return this.convolve(x, tf.div(kernel, tf.sum(tf.mul(product, next))));
    });
  }
}
tf.serialization.registerClass(PowerIterationConv2D);

/** A vector divided by its length and 1e-12, as in neuralgym. */
const withLength1 = (vector: Tensor2D): Tensor2D =>
  tf.div(vector, tf.add(tf.sqrt(tf.sum(tf.square(vector))), 1e-12));
