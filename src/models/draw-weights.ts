/** Initial weights of the baselines' networks. */
import { BatchNorm } from '../nn/feature-norm.ts';
import { GatedConv2D } from '../nn/gated-conv.ts';
import { PartialConv2D } from '../nn/partial-conv.ts';
import { PowerIterationConv2D } from '../nn/power-iteration-conv.ts';
import { TransposedConv2D } from '../nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../nn/zero-pad-conv.ts';
import { seededNormal, seededUniform } from '../ops/random.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf } from '../ops/tf.ts';
import { stream } from '../runtime/seed.ts';

/**
 * `normal`: kernels N(0, 0.02) and the scale of batch normalisation N(1, 0.02), as pix2pix. `kaiming`: kernels
 * N(0, sqrt(2 / fan in)), as partial convolutions. `glorot`: kernels uniform within sqrt(6 / (fan in + fan out)), as
 * TensorFlow 1 by default. Biases are 0.
 */
export type Scheme = 'normal' | 'kaiming' | 'glorot';

const DEVIATION = 0.02;

/** Draws all weights of a network from the run's seed. */
export function drawWeights(network: LayersModel, seed: number, scheme: Scheme): void {
  for (const layer of network.layers) {
    const random = stream(seed, 'weights', network.name, layer.name);
    const pair = () => [random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)] as const;
    const write = (weight: TensorFlow.LayerVariable, make: (shape: number[]) => Tensor) =>
      tf.tidy(() => void weight.write(make(weight.shape as number[])));
    if (layer instanceof BatchNorm && scheme === 'normal')
      write(layer.gamma, (shape) => tf.add(seededNormal(shape, DEVIATION, pair()), 1));
    if (
      layer instanceof ZeroPadConv2D ||
      layer instanceof TransposedConv2D ||
      layer instanceof PartialConv2D ||
      layer instanceof GatedConv2D
    )
      write(layer.kernel, (shape) => {
        const [height, width, input, output] = shape as [number, number, number, number];
        const window = height * width;
        if (scheme === 'normal') return seededNormal(shape, DEVIATION, pair());
        if (scheme === 'kaiming') return seededNormal(shape, Math.sqrt(2 / (window * input)), pair());
        return seededUniform(shape, Math.sqrt(6 / (window * (input + output))), pair());
      });
    if (layer instanceof PowerIterationConv2D) write(layer.u, (shape) => seededNormal(shape, 1, pair()));
  }
}
