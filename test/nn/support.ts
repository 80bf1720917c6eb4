/** What tests of layers share. */
import type { Tensor, TensorFlow } from '../../src/ops/tf.ts';
import { tf } from '../../src/ops/tf.ts';
import { expectGradients, normalTensor } from '../finite-differences.ts';

type Layer = TensorFlow.layers.Layer;

/** Gives every weight random values. */
export function randomise(layer: Layer): Layer {
  for (const weight of layer.weights) {
    const value = normalTensor(weight.shape as number[], 0.5);
    weight.write(weight.originalName.endsWith('Variance') ? tf.abs(value) : value);
  }
  return layer;
}

/** Expects a layer's gradients by its inputs and all its trainable weights to agree with finite differences. */
export function expectLayerGradients(layer: Layer, inputs: Tensor[], kwargs = {}, accuracy = {}): void {
  const weights = layer.trainableWeights;
  expectGradients(
    (...x) => {
      const values = weights.map((weight) => weight.read());
      // Reads of the weights give the tensors that the gradient is asked for.
      weights.forEach((weight, i) => {
        weight.read = () => x[inputs.length + i];
      });
      try {
        const given = x.slice(0, inputs.length);
        return layer.call(given.length === 1 ? given[0] : given, kwargs) as Tensor;
      } finally {
        weights.forEach((weight, i) => {
          weight.read = () => values[i];
        });
      }
    },
    [...inputs, ...weights.map((weight) => weight.read().clone())],
    accuracy,
  );
}

/** A layer built for inputs of these shapes, with random weights. */
export function built<T extends Layer>(layer: T, ...shapes: number[][]): T {
  layer.build(shapes.length === 1 ? shapes[0] : shapes);
  return randomise(layer) as T;
}
