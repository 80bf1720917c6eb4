import { describe, expect, it } from 'vitest';
import { attend, ContextualAttention } from '../../src/nn/contextual-attention.ts';
import { GatedConv2D } from '../../src/nn/gated-conv.ts';
import { buildSnPatchGan } from '../../src/nn/sn-patchgan.ts';
import { PowerIterationConv2D } from '../../src/nn/spectral-norm.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';
import { built, expectLayerGradients, randomise } from './support.ts';

describe('GatedConv2D', () => {
  const config = { name: 'g', filters: 6, kernelSize: 3, activation: 'elu' } as const;
  it.each([
    {},
    { stride: 2 },
    { dilation: 2 },
    { upsample: true },
    { activation: 'linear', responseNorm: true },
  ] as const)('gives the size that it announces and has gradients with %o', (options) => {
    const layer = built(new GatedConv2D({ ...config, ...options }), [2, 5, 6, 2]);
    const x = normalTensor([2, 5, 6, 2]);
    expect((layer.apply(x) as Tensor).shape).toEqual(layer.computeOutputShape([2, 5, 6, 2]));
    expectLayerGradients(layer, [x], {}, { step: 2e-3, tolerance: 1e-2 });
  });

  it('lets through what its gates open to', () => {
    const layer = built(new GatedConv2D({ ...config, filters: 1, activation: 'relu' }), [1, 4, 4, 1]);
    const x = tf.abs(normalTensor([1, 4, 4, 1]));
    const features = tf.tensor([0, 0, 0, 0, 1, 0, 0, 0, 0], [3, 3, 1, 1]);
    layer.kernel.write(tf.concat([features, tf.zeros([3, 3, 1, 1])], 3));
    for (const [bias, factor] of [
      [-100, 0],
      [0, 0.5],
      [100, 1],
    ] as const) {
      layer.bias.write(tf.tensor1d([0, bias]));
      expect(maxDifference(layer.apply(x) as Tensor, tf.mul(x, factor))).toBeLessThan(1e-6);
    }
  });

  it('upsamples 3x3 convolutions only', () => {
    expect(() => new GatedConv2D({ ...config, stride: 2, upsample: true })).toThrow(RangeError);
  });
});

describe('PowerIterationConv2D', () => {
  const make = () =>
    built(
      new PowerIterationConv2D({ name: 'c', filters: 4, kernelSize: 3, stride: 2, padding: 'same' }),
      [1, 6, 6, 2],
    );
  it('has gradients that flow through its power iteration', () => {
    // In training u moves, which finite differences cannot tell from the gradient.
    expectLayerGradients(make(), [normalTensor([1, 6, 6, 2])]);
  });
  it('comes to a kernel of norm one', () => {
    const layer = make();
    const x = normalTensor([1, 6, 6, 2]);
    for (let i = 0; i < 50; i++) layer.apply(x, { training: true });
    const y = layer.apply(x) as Tensor;
    layer.kernel.write(tf.mul(layer.kernel.read(), 3));
    // The bias stays, so it is taken off.
    const bias = layer.bias!.read();
    expect(maxDifference(tf.sub(layer.apply(x) as Tensor, bias), tf.sub(y, bias))).toBeLessThan(1e-4);
  });
  it('moves its singular vector in training only', () => {
    const layer = make();
    const before = layer.u.read().clone();
    layer.apply(tf.zeros([1, 6, 6, 2]));
    expect(maxDifference(layer.u.read(), before)).toBe(0);
    layer.apply(tf.zeros([1, 6, 6, 2]), { training: true });
    expect(maxDifference(layer.u.read(), before)).toBeGreaterThan(0);
  });
});

it('SN-PatchGAN scores every 64 px with four times its width', () => {
  const network = buildSnPatchGan({ name: 'D', channels: 5, width: 2, kernelSize: 5 });
  const scores = network.apply(tf.zeros([2, 128, 64, 5])) as Tensor;
  expect(scores.shape).toEqual([2, 2, 1, 8]);
});

describe('ContextualAttention', () => {
  const square = tf.pad(tf.ones([2, 4, 4, 1]), [
    [0, 0],
    [2, 2],
    [2, 6],
    [0, 0],
  ]) as Tensor4D;

  it.each([
    { rate: 2, softmaxScale: 2, fuse: true },
    { rate: 1, softmaxScale: 2, fuse: false },
  ])('has gradients with %o, the same in training and use', (options) => {
    const layer = new ContextualAttention({ name: 'a', ...options });
    const inputs = [normalTensor([2, 8, 12, 3]), normalTensor([2, 8, 12, 3])] as [Tensor4D, Tensor4D];
    const attention = (training: boolean) => (q: Tensor, k: Tensor) =>
      layer.call([q, k, square], { training });
    expectGradients(attention(false), inputs, { step: 3e-3, tolerance: 1e-2 });
    const used = attention(false)(...inputs);
    expect(maxDifference(attention(true)(...inputs), used)).toBeLessThan(1e-5);
    const dy = normalTensor(used.shape);
    const [inUse, inTraining] = [false, true].map((training) => tf.grads(attention(training))(inputs, dy));
    for (const i of [0, 1]) expect(maxDifference(inUse[i], inTraining[i])).toBeLessThan(1e-4);
  });

  it('takes nothing from masked places', () => {
    const x = normalTensor([1, 8, 8, 3]) as Tensor4D;
    const mask = tf.pad(tf.ones([1, 4, 4, 1]), [
      [0, 0],
      [4, 0],
      [4, 0],
      [0, 0],
    ]) as Tensor4D;
    // Fused scores would hear of masked neighbours.
    const options = { rate: 1, softmaxScale: 10, fuse: false };
    const loud = tf.add(x, tf.mul(mask, 1000)) as Tensor4D;
    expect(maxDifference(attend(x, x, mask, options), attend(x, loud, mask, options))).toBeLessThan(1e-4);
  });

  it('asks for sides that its rate divides', () => {
    const x = tf.zeros([1, 7, 8, 2]) as Tensor4D;
    expect(() => attend(x, x, x, { rate: 2, softmaxScale: 10, fuse: true })).toThrow(/7x8/);
  });

  it('leaves no tensors behind', () => {
    const layer = new ContextualAttention({ name: 'a' });
    const x = normalTensor([2, 8, 8, 3]) as Tensor4D;
    const mask = tf.zeros([2, 8, 8, 1]);
    const run = () => tf.tidy(() => void tf.grad((q) => layer.call([q, q, mask], { training: true }))(x));
    run();
    const before = tf.memory().numTensors;
    run();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('all layers survive serialisation', async () => {
  const x = tf.input({ shape: [8, 8, 3] });
  const mask = tf.input({ shape: [4, 4, 1] });
  let h = new GatedConv2D({ name: 'g', filters: 4, kernelSize: 3, stride: 2, activation: 'leaky' }).apply(x);
  h = new PowerIterationConv2D({ name: 's', filters: 4, kernelSize: 3, padding: 'same' }).apply(h as never);
  h = new ContextualAttention({ name: 'a', rate: 1 }).apply([h, h, mask] as never);
  const model = tf.model({ inputs: [x, mask], outputs: h as never });
  for (const layer of model.layers) randomise(layer);
  const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
  copy.setWeights(model.getWeights());
  const inputs = [normalTensor([2, 8, 8, 3]), tf.zeros([2, 4, 4, 1])];
  expect(maxDifference(model.apply(inputs) as Tensor, copy.apply(inputs) as Tensor)).toBe(0);
});
