import { describe, expect, it } from 'vitest';
import { PartialConv2D } from '../../src/nn/partial-conv.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';
import { built, expectLayerGradients } from './support.ts';

const random = stream(1, 'partial convolution');
const someMask = (shape: [number, number, number, number]): Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Number(random.uniform() < 0.3)),
    shape,
  );
const config = { name: 'p', filters: 3, kernelSize: 3, padding: 1 } as const;

/** The gradients by pictures and weights, with masks fixed. */
function expectGradientsOf(layer: PartialConv2D, pictures: Tensor[], masks: Tensor[]): void {
  const picturesOnly = Object.create(layer, {
    call: {
      value: (x: Tensor | Tensor[]) =>
        layer.call(
          [x].flat().flatMap((picture, index) => [picture, masks[index]]),
          {},
        )[0],
    },
  });
  expectLayerGradients(picturesOnly, pictures);
}

describe('PartialConv2D', () => {
  it.each([{}, { stride: 2 }, { dilation: 2, padding: 2 }, { bias: false }, { scale: 'valid' }] as const)(
    'has gradients by pictures and weights with %o',
    (options) => {
      const layer = built(new PartialConv2D({ ...config, ...options }), [2, 6, 6, 2], [2, 6, 6, 1]);
      expectGradientsOf(layer, [normalTensor([2, 6, 6, 2])], [someMask([2, 6, 6, 1])]);
    },
  );

  it('is 0 where a window has no valid pixel, which is then the only hole', () => {
    const layer = built(new PartialConv2D(config), [1, 8, 8, 2], [1, 8, 8, 1]);
    const mask = tf.pad(tf.ones([1, 8, 4, 1]), [
      [0, 0],
      [0, 0],
      [0, 4],
      [0, 0],
    ]);
    const [y, valid] = layer.apply([normalTensor([1, 8, 8, 2]), mask]) as [Tensor4D, Tensor4D];
    expect([...tf.slice(valid, [0, 3, 0, 0], [1, 1, 8, 1]).dataSync()]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(tf.max(tf.abs(tf.mul(y, tf.sub(1, valid)))).dataSync()[0]).toBe(0);
    expect(y.shape).toEqual(
      layer.computeOutputShape([
        [1, 8, 8, 2],
        [1, 8, 8, 1],
      ])[0],
    );
  });

  it('sees nothing of what is not valid, and makes up for it', () => {
    const layer = built(new PartialConv2D(config), [1, 6, 6, 1], [1, 6, 6, 1]);
    const mask = someMask([1, 6, 6, 1]);
    const noisy = tf.add(tf.ones([1, 6, 6, 1]), tf.mul(tf.sub(1, mask), 100));
    const constant = new PartialConv2D(config);
    constant.build([
      [1, 6, 6, 1],
      [1, 6, 6, 1],
    ]);
    constant.kernel.write(tf.ones([3, 3, 1, 3]));
    const [sum, valid] = constant.apply([noisy, mask]) as [Tensor4D, Tensor4D];
    // A mean over any valid pixels of a constant picture is that constant.
    expect(maxDifference(sum, tf.mul(9, tf.tile(valid, [1, 1, 1, 3])))).toBeLessThan(1e-4);
    expect(
      maxDifference(layer.call([noisy, mask], {})[0], layer.call([tf.ones([1, 6, 6, 1]), mask], {})[0]),
    ).toBe(0);
  });

  it('doubles its first input as nearest neighbour would', () => {
    const inputs = [
      [1, 3, 4, 2],
      [1, 3, 4, 1],
      [1, 6, 8, 3],
      [1, 6, 8, 1],
    ] as [number, number, number, number][];
    const layer = built(new PartialConv2D({ ...config, upsampleFirst: true }), ...inputs);
    const [small, smallMask, large, largeMask] = [
      normalTensor(inputs[0]),
      someMask(inputs[1]),
      normalTensor(inputs[2]),
      someMask(inputs[3]),
    ] as [Tensor4D, Tensor4D, Tensor4D, Tensor4D];
    const plain = new PartialConv2D(config);
    plain.build([
      [1, 6, 8, 2],
      [1, 6, 8, 1],
      [1, 6, 8, 3],
      [1, 6, 8, 1],
    ]);
    plain.setWeights(layer.getWeights());
    const double = (x: Tensor4D) => tf.image.resizeNearestNeighbor(x, [6, 8]);
    const [expected, expectedMask] = plain.call([double(small), double(smallMask), large, largeMask], {});
    const [y, mask] = layer.call([small, smallMask, large, largeMask], {});
    expect(maxDifference(y, expected)).toBeLessThan(1e-4);
    expect(maxDifference(mask, expectedMask)).toBe(0);
    expectGradientsOf(layer, [small, large], [smallMask, largeMask]);
    expect(() => new PartialConv2D({ ...config, stride: 2, upsampleFirst: true })).toThrow(RangeError);
  });
});
