import { withoutTape } from '../ops/gradients.ts';
import { type Tensor, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import type { Tf1Gates, Tf1Weight, TorchWeight, WeightDraws } from './weighted-layer.ts';
import { ZeroPadConv2D } from './zero-pad-conv.ts';

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

  override torchWeights(): TorchWeight[] {
    throw new Error('PyTorch has no spectral normalisation of this kind');
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
      const v = unit(tf.matMul(u, matrix, false, true));
      const product: Tensor2D = tf.matMul(v, matrix);
      const next = unit(product);
      if (training) withoutTape(() => this.u.write(tf.reshape(next, [-1])));
      return this.convolve(x, tf.div(kernel, tf.sum(tf.mul(product, next))));
    });
  }
}
tf.serialization.registerClass(PowerIterationConv2D);

const unit = (vector: Tensor2D): Tensor2D =>
  tf.div(vector, tf.add(tf.sqrt(tf.sum(tf.square(vector))), 1e-12));
