import { type Tensor, type Tensor2D, type TensorFlow, tf } from '../ops/tf.ts';
import {
  asOurs,
  knownSize,
  type TorchWeight,
  transposed,
  type WeightDraws,
  WeightedLayer,
} from './weighted-layer.ts';

type Shape = TensorFlow.Shape;

/** A linear layer (torch Linear): x [n,in] → [n,units]. Weights `kernel` [in,units] and `bias` [units]. */
export class Linear extends WeightedLayer {
  static className = 'Linear';
  readonly units: number;
  kernel!: TensorFlow.LayerVariable;
  bias!: TensorFlow.LayerVariable;

  /** @param config the name is unique in its network, as {@link ZeroPadConv2DConfig.name}. */
  constructor({ name, units }: { name: string; units: number }) {
    super({ name });
    this.units = units;
  }

  override build(inputShape: Shape | Shape[]): void {
    const zeros = tf.initializers.zeros();
    this.kernel = this.addWeight('kernel', [knownSize(inputShape as Shape), this.units], 'float32', zeros);
    this.bias = this.addWeight('bias', [this.units], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [(inputShape as Shape)[0] ?? null, this.units];
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const a = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor2D;
    return tf.tidy(() => tf.fused.matMul({ a, b: this.kernel.read() as Tensor2D, bias: this.bias.read() }));
  }

  override drawWeights(draws: WeightDraws): void {
    const fanIn = knownSize(this.kernel.shape, 0);
    draws.uniform(this.kernel, fanIn);
    draws.uniform(this.bias, fanIn);
  }

  override torchWeights(): TorchWeight[] {
    return [
      { name: 'weight', weight: this.kernel, layout: transposed },
      { name: 'bias', weight: this.bias, layout: asOurs },
    ];
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units };
  }
}
tf.serialization.registerClass(Linear);
