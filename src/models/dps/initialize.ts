/** Initial weights, as the original draws them (utils.py:30-38, models.py:21-54). */
import { AdaptiveInstanceNorm } from '../../nn/adaptive-instance-norm.ts';
import { BatchNorm, InstanceNorm } from '../../nn/feature-norm.ts';
import { ReflectionConv2D } from '../../nn/reflection-conv.ts';
import { SpectralConv2D, unit } from '../../nn/spectral-conv.ts';
import { seededNormal, seededUniform } from '../../ops/random.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf } from '../../ops/tf.ts';
import { stream } from '../../runtime/seed.ts';

const DEVIATION = 0.02;

/**
 * Draws all weights of a network from the run's seed. Convolutions N(0, 0.02) with zero biases; the norms' scale
 * N(1, 0.02); linear layers as torch's default, uniform within 1/sqrt(fan in), the affine map of adaptive instance
 * normalisation with bias 1 for scale and 0 for offset. Under spectral normalisation the original's initialisation
 * does not reach the weights on a GPU, which keep torch's default for convolutions, U(±1/sqrt(fan in)).
 */
export function initialize(network: LayersModel, seed: number): void {
  for (const layer of network.layers) {
    const random = stream(seed, 'weights', network.name, layer.name);
    const draw = (weight: TensorFlow.LayerVariable, make: (pair: readonly [number, number]) => Tensor) =>
      tf.tidy(() => void weight.write(make([random.integer(0, 2 ** 31), random.integer(0, 2 ** 31)])));
    const uniform = (weight: TensorFlow.LayerVariable, fanIn: number) =>
      draw(weight, (pair) => seededUniform(weight.shape as number[], 1 / Math.sqrt(fanIn), pair));
    const normal = (weight: TensorFlow.LayerVariable, mean: number) =>
      draw(weight, (pair) => tf.add(seededNormal(weight.shape as number[], DEVIATION, pair), mean));

    if (layer instanceof SpectralConv2D) {
      const [size, , channels] = layer.kernel.shape as number[];
      uniform(layer.kernel, size * size * channels);
      for (const vector of [layer.u, layer.v])
        draw(vector, (pair) => unit(seededNormal(vector.shape as number[], 1, pair)));
    } else if (layer instanceof ReflectionConv2D) {
      normal(layer.kernel, 0);
    } else if (layer instanceof BatchNorm || layer instanceof InstanceNorm) {
      normal(layer.gamma, 1);
    } else if (layer instanceof AdaptiveInstanceNorm) {
      uniform(layer.kernel, layer.kernel.shape[0]!);
      const channels = layer.bias.shape[0]! / 2;
      draw(layer.bias, () => tf.concat([tf.ones([channels]), tf.zeros([channels])]));
    } else if (layer.getClassName() === 'Dense') {
      const [kernel, bias] = layer.weights as [TensorFlow.LayerVariable, TensorFlow.LayerVariable];
      uniform(kernel, kernel.shape[0]!);
      uniform(bias, kernel.shape[0]!);
    }
  }
}
