import { leakyRelu } from '../ops/activations.ts';
import { type Tensor, type TensorFlow, tf } from '../ops/tf.ts';

/** max(x, slope * x) for any shape: ReLU with slope 0, LeakyReLU otherwise. */
export class LeakyReLU extends tf.layers.Layer {
  // TF.js has a LeakyReLU of its own, from which stored models tell this one apart by its name.
  static className = 'Rectifier';
  readonly slope: number;

  constructor(config: { name?: string; slope: number }) {
    super(config.name === undefined ? {} : { name: config.name });
    this.slope = config.slope;
  }

  override computeOutputShape(inputShape: TensorFlow.Shape | TensorFlow.Shape[]): TensorFlow.Shape {
    return inputShape as TensorFlow.Shape;
  }

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    return leakyRelu(Array.isArray(inputs) ? inputs[0] : inputs, this.slope);
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), slope: this.slope };
  }
}
tf.serialization.registerClass(LeakyReLU);
