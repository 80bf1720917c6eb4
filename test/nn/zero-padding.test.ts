import { describe, expect, it } from 'vitest';
import { Dropout, drawSeeds, seededKeep } from '../../src/nn/dropout.ts';
import { BatchNorm } from '../../src/nn/feature-norm.ts';
import { convolveTransposed, TransposedConv2D } from '../../src/nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../../src/nn/zero-pad-conv.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';
import { built, expectLayerGradients, randomise } from './support.ts';

describe('ZeroPadConv2D', () => {
  const config = { name: 'conv', filters: 3, kernelSize: 3, padding: 1 } as const;
  it.each([{}, { stride: 2 }, { dilation: 2 }, { bias: false }, { padding: 'same', stride: 2 }] as const)(
    'gives the size that it announces and has gradients with %o',
    (options) => {
      const layer = built(new ZeroPadConv2D({ ...config, ...options }), [2, 7, 6, 2]);
      const x = normalTensor([2, 7, 6, 2]);
      expect((layer.apply(x) as Tensor).shape).toEqual(layer.computeOutputShape([2, 7, 6, 2]));
      expect(layer.weights).toHaveLength('bias' in options ? 1 : 2);
      expectLayerGradients(layer, [x]);
    },
  );
});

describe('TransposedConv2D', () => {
  it.each([1, 2, 3, 4, 5, 6])('is the gradient of a convolution of stride 2, k = %d', (size) => {
    const [x, kernel] = [normalTensor([2, 3, 4, 3]), normalTensor([size, size, 2, 3])] as [
      Tensor4D,
      Tensor4D,
    ];
    for (const shape of [
      [6, 8],
      [5, 8],
      [5, 7],
    ] as [number, number][]) {
      const expected = tf.conv2dTranspose(x, kernel, [2, ...shape, 2], 2, 'same');
      expect(maxDifference(convolveTransposed(x, kernel, shape), expected)).toBeLessThan(1e-5);
    }
  });
  it('has gradients', () => {
    const layer = built(new TransposedConv2D({ name: 't', filters: 2, kernelSize: 4 }), [2, 3, 2, 3]);
    const x = normalTensor([2, 3, 2, 3]);
    expect((layer.apply(x) as Tensor).shape).toEqual(layer.computeOutputShape([2, 3, 2, 3]));
    expectLayerGradients(layer, [x]);
  });
  it('makes its result as large as another input, of twice the size or one less', () => {
    const layer = new TransposedConv2D({ name: 't', filters: 2, kernelSize: 5 });
    const shapes = [
      [1, 1, 3, 3],
      [1, 1, 5, 4],
    ];
    const y = layer.apply(shapes.map((shape) => tf.ones(shape))) as Tensor;
    expect(y.shape).toEqual([1, 1, 5, 2]);
    expect(layer.computeOutputShape(shapes)).toEqual(y.shape);
    expect(() => layer.apply([tf.ones([1, 2, 2, 3]), tf.ones([1, 5, 4, 1])])).toThrow(/not 5/);
  });
});

describe('Dropout', () => {
  const layer = new Dropout({ name: 'd', rate: 0.25 });
  const x = tf.ones([1, 100, 100, 1]);
  it('happens only when told what to keep', () => {
    expect(maxDifference(layer.apply(x, { training: true }) as Tensor, x)).toBe(0);
  });
  it('keeps the mean and drops its rate, the same for the same stream', () => {
    const input = tf.input({ shape: [null, null, 1] });
    const network = tf.model({ inputs: input, outputs: layer.apply(input) as TensorFlow.SymbolicTensor });
    const run = () => {
      const keep = seededKeep(drawSeeds(network, stream(1)), 0.25);
      return network.apply(x, { keep } as never) as Tensor;
    };
    const y = run();
    expect(tf.mean(y).dataSync()[0]).toBeCloseTo(1, 1);
    const dropped = y.dataSync().filter((value) => value === 0).length;
    expect(dropped / 10000).toBeCloseTo(0.25, 1);
    expect(Math.max(...y.dataSync())).toBeCloseTo(4 / 3, 5);
    expect(maxDifference(run(), y)).toBe(0);
  });
});

describe('BatchNorm', () => {
  it('normalises each image by itself when asked, as a batch of one would be', () => {
    const layer = built(new BatchNorm({ name: 'b' }), [2, 4, 4, 3]);
    const x = normalTensor([2, 4, 4, 3], 2) as Tensor4D;
    const own = layer.apply(x, { ownStatistics: true } as never) as Tensor;
    const single = tf.concat(
      tf
        .split(x, 2, 0)
        .map((image) => layer.apply(image, { training: true, statisticsUpdates: 0 } as never) as Tensor4D),
    );
    expect(maxDifference(own, single)).toBeLessThan(1e-5);
  });
  it('uses its running statistics in training too when it is frozen', () => {
    const layer = built(new BatchNorm({ name: 'b' }), [2, 4, 4, 3]);
    const x = normalTensor([2, 4, 4, 3], 2);
    const expected = layer.apply(x) as Tensor;
    layer.trainable = false;
    const before = layer.runningMean.read().clone();
    expect(maxDifference(layer.apply(x, { training: true }) as Tensor, expected)).toBe(0);
    expect(maxDifference(layer.runningMean.read(), before)).toBe(0);
  });
});

it('all layers survive serialisation', async () => {
  const x = tf.input({ shape: [8, 8, 3] });
  let h = new ZeroPadConv2D({
    name: 'z',
    filters: 4,
    kernelSize: 4,
    stride: 2,
    padding: 1,
    bias: false,
  }).apply(x);
  h = new TransposedConv2D({ name: 't', filters: 2, kernelSize: 4 }).apply(h as never);
  h = new Dropout({ name: 'd', rate: 0.5 }).apply(h as never);
  const model = tf.model({ inputs: x, outputs: h as never });
  for (const layer of model.layers) randomise(layer);
  const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as string));
  copy.setWeights(model.getWeights());
  const input = normalTensor([2, 8, 8, 3]);
  expect(maxDifference(model.apply(input) as Tensor, copy.apply(input) as Tensor)).toBe(0);
});
