import { seededUniform } from '../ops/random.ts';
import { type Tensor, type TensorFlow, tf } from '../ops/tf.ts';
import { type RandomStream, stream } from '../runtime/seed.ts';

/** What is kept of a layer's input, for a layer's name and a shape: 1 = kept, 0 = dropped. */
export type Keep = (layer: string, shape: readonly number[]) => Tensor;

/**
 * Dropout (Srivastava et al. 2014) of any shape: each element is dropped with the probability `rate` and the others
 * are divided by what is kept of all. It happens only where a call is given `keep`, the source of the choice.
 */
export class Dropout extends tf.layers.Layer {
  static className = 'ChosenDropout';
  readonly rate: number;

  constructor(config: { name: string; rate: number }) {
    super({ name: config.name });
    this.rate = config.rate;
  }

  override computeOutputShape(inputShape: TensorFlow.Shape | TensorFlow.Shape[]): TensorFlow.Shape {
    return inputShape as TensorFlow.Shape;
  }

  override call(inputs: Tensor | Tensor[], { keep }: { keep?: Keep }): Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tf.tidy(() => (keep ? tf.mul(x, tf.div(keep(this.name, x.shape), 1 - this.rate)) : tf.clone(x)));
  }

  override getConfig(): TensorFlow.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}
tf.serialization.registerClass(Dropout);

/** Choices drawn from a stream: the same for the same stream, on every device. */
export function drawnKeep(random: RandomStream, rate: number): Keep {
  return (_, shape) =>
    tf.tidy(() => {
      const pair = [random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)] as const;
      return tf.cast(tf.greaterEqual(seededUniform(shape, 0.5, pair), rate - 0.5), 'float32');
    });
}

/** The same choice at every call and for every sample: it depends on the seed and the layer's name alone. */
export function fixedKeep(seed: number, rate: number): Keep {
  return (layer, [, ...sample]) => {
    const random = stream(seed, 'dropout at test time', layer);
    const size = sample.reduce((product, side) => product * side, 1);
    const kept = Float32Array.from({ length: size }, () => (random.uniform() < rate ? 0 : 1));
    return tf.tensor(kept, [1, ...sample]);
  };
}
