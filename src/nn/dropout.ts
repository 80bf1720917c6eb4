import { ownRows, workerCount } from '../ops/collectives.ts';
import { seededUniform } from '../ops/random.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf } from '../ops/tf.ts';
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

/**
 * Seeds of what a network's dropout layers choose when it runs once, int32 [2] each, by `LAYER/seed`. The caller disposes
 * of them.
 */
export function drawSeeds({ layers }: LayersModel, random: RandomStream): Record<string, Tensor> {
  const draw = () => random.integer(0, 2 ** 31);
  // A network lists its layers in the order in which it runs them.
  const dropouts = layers.filter((layer) => layer instanceof Dropout);
  return Object.fromEntries(
    dropouts.map(({ name }) => [`${name}/seed`, tf.tensor1d([draw(), draw()], 'int32')]),
  );
}

/**
 * The choices of seeds that {@link drawSeeds} gave: the same for the same seeds, on every device. Each of several workers
 * has the rows of its samples.
 */
export function seededKeep(seeds: Readonly<Record<string, Tensor>>, rate: number): Keep {
  return (layer, shape) =>
    tf.tidy(() => {
      const [count, ...sample] = shape;
      const uniform = seededUniform([workerCount() * count, ...sample], 0.5, seeds[`${layer}/seed`]);
      return tf.cast(tf.greaterEqual(ownRows(uniform), rate - 0.5), 'float32');
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
