import { normalize } from '../ops/normalize.ts';
import { type Tensor, type Tensor2D, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import {
  asOurs,
  knownSize,
  type TorchWeight,
  transposed,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;
const EPSILON = 1e-5;

/**
 * Adaptive instance normalisation (Huang & Belongie 2017; DeepPS models.py:21-38): [x, style] with x [n,h,w,c] and
 * style [n or 1, s] → gamma * (x - mean) / std + beta, mean and std of each image and channel, and [gamma, beta] an
 * affine function of the style. Weights `kernel` [s, 2c] and `bias` [2c].
 */
export class AdaptiveInstanceNorm extends WeightedLayer {
  static className = 'AdaptiveInstanceNorm';
  kernel!: TensorFlow.LayerVariable;
  bias!: TensorFlow.LayerVariable;

  override build(inputShape: Shape | Shape[]): void {
    const [x, style] = inputShape as [Shape, Shape];
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [knownSize(style), 2 * knownSize(x)], 'float32', zeros);
    this.bias = this.addWeight('bias', [2 * knownSize(x)], 'float32', zeros);
    this.built = true;
  }

  /** As torch's linear layers, but for the bias: the style begins with a scale of 1 and no offset (models.py:21-38). */
  override drawWeights(draws: WeightDraws): void {
    draws.uniform(this.kernel, knownSize(this.kernel.shape, 0));
    const channels = knownSize(this.bias.shape) / 2;
    draws.value(this.bias, () => tf.concat([tf.ones([channels]), tf.zeros([channels])]));
  }

  override torchWeights(): TorchWeight[] {
    return [
      { name: 'style.weight', weight: this.kernel, layout: transposed },
      { name: 'style.bias', weight: this.bias, layout: asOurs },
    ];
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[0];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const [x, style] = inputs as [Tensor4D, Tensor2D];
    return tf.tidy(() => {
      const affine = tf.add(tf.matMul(style, this.kernel.read() as Tensor2D), this.bias.read());
      const [gamma, beta] = tf
        .split(affine, 2, 1)
        .map((part) => tf.reshape(part, [style.shape[0], 1, 1, x.shape[3]])) as [Tensor4D, Tensor4D];
      return normalize(x, [1, 2], gamma, beta, EPSILON);
    });
  }
}
tf.serialization.registerClass(AdaptiveInstanceNorm);
