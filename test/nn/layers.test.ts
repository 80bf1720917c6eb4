import { describe, expect, it } from 'vitest';
import { AdaptiveInstanceNorm } from '../../src/nn/adaptive-instance-norm.ts';
import { BatchNorm, InstanceNorm } from '../../src/nn/feature-norm.ts';
import { LeakyReLU } from '../../src/nn/leaky-relu.ts';
import { ReflectionConv2D } from '../../src/nn/reflection-conv.ts';
import { SpectralConv2D } from '../../src/nn/spectral-norm.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../src/ops/tf.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';
import { built, expectLayerGradients, randomise } from './support.ts';

describe('ReflectionConv2D', () => {
  const config = { name: 'conv', filters: 3, kernelSize: 3, pad: 1 };
  it('gives the sizes that it announces', () => {
    for (const [kernelSize, stride, pad, size] of [
      [3, 1, 1, 9],
      [3, 2, 1, 8],
      [4, 2, 2, 9],
      [4, 1, 2, 10],
    ] as const) {
      const layer = built(new ReflectionConv2D({ ...config, kernelSize, stride, pad }), [1, size, size, 2]);
      const y = layer.apply(tf.ones([1, size, size, 2])) as Tensor4D;
      expect(y.shape).toEqual(layer.computeOutputShape([1, size, size, 2]));
    }
  });
  it.each([{}, { stride: 2 }, { upsample: true }])('has gradients with %o', (options) => {
    const layer = built(new ReflectionConv2D({ ...config, ...options }), [2, 4, 6, 2]);
    expectLayerGradients(layer, [normalTensor([2, 4, 6, 2])]);
  });
  it('upsamples 3x3 convolutions only', () => {
    expect(() => new ReflectionConv2D({ ...config, kernelSize: 4, upsample: true })).toThrow(/kernelSize 3/);
  });
});

describe('SpectralConv2D', () => {
  const make = () =>
    built(new SpectralConv2D({ name: 'c', filters: 5, kernelSize: 4, stride: 2, pad: 2 }), [1, 8, 8, 3]);
  it('brings the largest singular value to one', () => {
    const layer = make();
    for (let i = 0; i < 100; i++) layer.apply(tf.zeros([1, 8, 8, 3]), { training: true });
    const matrix = tf.reshape(layer.kernel.read(), [-1, 5]) as TensorFlow.Tensor2D;
    const sigma = tf
      .sum(
        tf.mul(tf.matMul(tf.reshape(layer.v.read(), [1, -1]) as TensorFlow.Tensor2D, matrix), layer.u.read()),
      )
      .dataSync()[0];
    const gram = tf.matMul(matrix, matrix, true);
    let vector = tf.ones([5, 1]) as TensorFlow.Tensor2D;
    for (let i = 0; i < 200; i++) vector = tf.div(tf.matMul(gram, vector), tf.norm(tf.matMul(gram, vector)));
    const largest = Math.sqrt(tf.norm(tf.matMul(gram, vector)).dataSync()[0]);
    expect(sigma).toBeCloseTo(largest, 3);
  });
  it('moves its singular vectors in training only', () => {
    const layer = make();
    const before = layer.u.read().clone();
    layer.apply(tf.ones([1, 8, 8, 3]));
    expect(maxDifference(layer.u.read(), before)).toBe(0);
    layer.apply(tf.ones([1, 8, 8, 3]), { training: true });
    expect(maxDifference(layer.u.read(), before)).toBeGreaterThan(0);
  });
  it('has gradients through the norm', () => {
    const layer = make();
    for (let i = 0; i < 20; i++) layer.apply(tf.zeros([1, 8, 8, 3]), { training: true });
    expectLayerGradients(layer, [normalTensor([1, 8, 8, 3])]);
  });
});

it('AdaptiveInstanceNorm has gradients, one style for all or each', () => {
  for (const styles of [1, 2]) {
    const layer = built(new AdaptiveInstanceNorm({ name: 'a' }), [2, 4, 4, 3], [styles, 6]);
    expectLayerGradients(layer, [normalTensor([2, 4, 4, 3]), normalTensor([styles, 6])]);
  }
});

it('InstanceNorm has gradients', () => {
  expectLayerGradients(built(new InstanceNorm({ name: 'i' }), [2, 4, 4, 3]), [normalTensor([2, 4, 4, 3])]);
});

describe('BatchNorm', () => {
  const make = () => {
    const layer = new BatchNorm({ name: 'b' });
    layer.build([2, 4, 4, 3]);
    return layer;
  };
  it('has gradients in training and in use', () => {
    expectLayerGradients(make(), [normalTensor([2, 4, 4, 3])], { training: true });
    expectLayerGradients(make(), [normalTensor([2, 4, 4, 3])]);
  });
  it.each([0, 1, 2])('follows the batch %d times', (statisticsUpdates) => {
    const [once, repeated] = [make(), make()];
    const x = normalTensor([2, 4, 4, 3], 2);
    for (let i = 0; i < statisticsUpdates; i++) repeated.apply(x, { training: true });
    once.apply(x, { training: true, statisticsUpdates });
    expect(maxDifference(once.runningVariance.read(), repeated.runningVariance.read())).toBeLessThan(1e-6);
    expect(maxDifference(once.runningMean.read(), repeated.runningMean.read())).toBeLessThan(1e-6);
  });
});

it('all layers survive serialisation', async () => {
  const x = tf.input({ shape: [8, 8, 3] });
  const style = tf.input({ shape: [4] });
  let h = new ReflectionConv2D({ name: 'a', filters: 4, kernelSize: 3, pad: 1 }).apply(x);
  h = new SpectralConv2D({ name: 's', filters: 4, kernelSize: 4, stride: 2, pad: 2 }).apply(h as never);
  h = new LeakyReLU({ slope: 0.2 }).apply(h as never);
  h = new BatchNorm({ name: 'b' }).apply(h as never);
  h = new InstanceNorm({ name: 'i' }).apply(h as never);
  h = new AdaptiveInstanceNorm({ name: 'n' }).apply([h, style] as never);
  h = new ReflectionConv2D({ name: 'u', filters: 2, kernelSize: 3, pad: 1, upsample: true }).apply(
    h as never,
  );
  const model = tf.model({ inputs: [x, style], outputs: h as never });
  for (const layer of model.layers) randomise(layer);
  const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
  copy.setWeights(model.getWeights());
  const inputs = [normalTensor([2, 8, 8, 3]), normalTensor([2, 4])];
  expect(maxDifference(model.apply(inputs) as Tensor, copy.apply(inputs) as Tensor)).toBe(0);
});
