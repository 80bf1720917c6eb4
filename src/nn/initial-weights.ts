/** Initial weights, drawn from the run's seed. Layers say which of their weights begin how. */
import { seededNormal, seededUniform } from '../ops/random.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf } from '../ops/tf.ts';
import { stream } from '../runtime/seed.ts';
import { requireEvery, type WeightDraws, weightedLayers } from './weighted-layer.ts';

type Weight = TensorFlow.LayerVariable;

/**
 * `normal`: kernels N(0, 0.02) and the scale of normalisations N(1, 0.02), as DeepPS (utils.py:30-38) and pix2pix.
 * `kaiming`: kernels N(0, sqrt(2 / fan in)), as partial convolutions. `glorot`: kernels uniform within
 * sqrt(6 / (fan in + fan out)), as TensorFlow 1 by default.
 */
export type Scheme = 'normal' | 'kaiming' | 'glorot';

const DEVIATION = 0.02;

/**
 * Draws all weights of a network from the run's seed.
 *
 * @throws Error when a layer does not say how a weight begins.
 */
export function drawWeights(network: LayersModel, seed: number, scheme: Scheme): void {
  for (const layer of weightedLayers(network)) {
    const random = stream(seed, 'weights', network.name, layer.name);
    const pair = () => [random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)] as const;
    const named = new Set<Weight>();
    const write = (weight: Weight, make: (shape: number[]) => Tensor) => {
      named.add(weight);
      tf.tidy(() => void weight.write(make(weight.shape as number[])));
    };
    const draws: WeightDraws = {
      kernel: (weight) => write(weight, (shape) => drawKernel(shape, scheme, pair())),
      scale: (weight) =>
        scheme === 'normal'
          ? write(weight, (shape) => tf.add(seededNormal(shape, DEVIATION, pair()), 1))
          : named.add(weight),
      uniform: (weight, fanIn) =>
        write(weight, (shape) => seededUniform(shape, 1 / Math.sqrt(fanIn), pair())),
      normal: (weight) => write(weight, (shape) => seededNormal(shape, 1, pair())),
      direction: (weight) => write(weight, (shape) => unit(seededNormal(shape, 1, pair()))),
      value: (weight, make) => write(weight, make),
      asBuilt: (weight) => named.add(weight),
    };
    layer.drawWeights(draws);
    requireEvery(network, layer, named, 'the beginning');
  }
}

function drawKernel(shape: number[], scheme: Scheme, seed: readonly [number, number]): Tensor {
  const [height, width, input, output] = shape as [number, number, number, number];
  const window = height * width;
  if (scheme === 'normal') return seededNormal(shape, DEVIATION, seed);
  if (scheme === 'kaiming') return seededNormal(shape, Math.sqrt(2 / (window * input)), seed);
  return seededUniform(shape, Math.sqrt(6 / (window * (input + output))), seed);
}

/** A vector divided by its length, which counts as at least 1e-12. */
const unit = (vector: Tensor): Tensor =>
  tf.div(vector, tf.maximum(tf.sqrt(tf.sum(tf.square(vector))), 1e-12));
