/** A layer that something does not know is an error there, and not a kernel of zeros or a file that lacks it. */
import { describe, expect, it } from 'vitest';
import { drawWeights } from '../../src/nn/initial-weights.ts';
import { originalWeights } from '../../src/nn/original-names.ts';
import { ZeroPadConv2D } from '../../src/nn/zero-pad-conv.ts';
import { type Tensor, type TensorFlow, tf } from '../../src/ops/tf.ts';

/** A layer of somebody else's. */
class Scale extends tf.layers.Layer {
  static className = 'Scale';
  factor!: TensorFlow.LayerVariable;

  override build(): void {
    this.factor = this.addWeight('factor', [1], 'float32', tf.initializers.zeros());
    this.built = true;
  }
  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.mul([inputs].flat()[0], this.factor.read());
  }
}

/** A layer of ours that has one weight more and does not tell of it. */
class Forgetful extends ZeroPadConv2D {
  static override className = 'Forgetful';

  override build(inputShape: TensorFlow.Shape | TensorFlow.Shape[]): void {
    super.build(inputShape);
    this.addWeight('gate', [this.config.filters], 'float32', tf.initializers.zeros());
  }
}

const network = (layer: TensorFlow.layers.Layer) => {
  const x = tf.input({ shape: [4, 4, 3] });
  return tf.model({ name: 'N', inputs: x, outputs: layer.apply(x) as TensorFlow.SymbolicTensor });
};
const naming = { prefix: '', gates: 'own kernel' } as const;

describe.each([
  ['a layer that is none of ours', () => new Scale({ name: 'scale' }), /N\/scale has weights/],
  [
    'a layer with a weight that it does not tell of',
    () => new Forgetful({ name: 'conv', filters: 2, kernelSize: 3, padding: 1 }),
    /Forgetful does not say .* of N\/conv\/gate/,
  ],
])('%s', (_, make, message) => {
  it('is not left at zero', () => {
    expect(() => drawWeights(network(make()), 1, 'normal')).toThrow(message);
  });
  it('is not missing in files with the names of PyTorch', () => {
    expect(() => originalWeights(network(make()))).toThrow(message);
  });
  it('is not missing in files with the names of TensorFlow 1', () => {
    expect(() => originalWeights(network(make()), naming)).toThrow(message);
  });
});

it('every weight of a layer of ours begins by the seed or as it was built', () => {
  const model = network(new ZeroPadConv2D({ name: 'conv', filters: 2, kernelSize: 3, padding: 1 }));
  drawWeights(model, 1, 'kaiming');
  const [kernel, bias] = model.layers[1].weights.map((weight) => weight.read());
  expect(tf.moments(kernel).variance.dataSync()[0]).toBeGreaterThan(0);
  expect([...bias.dataSync()]).toEqual([0, 0]);
});
