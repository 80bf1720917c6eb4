import { describe, expect, it } from 'vitest';
import { featureLosses, gramMatrix } from '../../src/losses/perceptual.ts';
import { dilateHole, regionMean, totalVariation } from '../../src/losses/reconstruction.ts';
import type { VggConvolutions } from '../../src/nn/vgg.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { expectGradients, normalTensor } from '../finite-differences.ts';

const value = (x: Tensor) => x.dataSync()[0];

describe('total variation', () => {
  // 1 2 4
  // 1 5 4
  const image = tf.tensor4d([1, 2, 4, 1, 5, 4], [1, 2, 3, 1]);
  const region = tf.tensor4d([0, 1, 1, 0, 1, 0], [1, 2, 3, 1]);

  it('counts all pairs', () => {
    expect(value(totalVariation(image, region, 'all'))).toBeCloseTo((0 + 3 + 0) / 3 + (1 + 2 + 4 + 1) / 4, 5);
  });
  it('counts pairs whose first pixel is in the region', () => {
    expect(value(totalVariation(image, region, 'first'))).toBeCloseTo((3 + 0) / 2 + (2 + 1) / 2, 5);
  });
  it('counts pairs within the region, by the size of the image', () => {
    expect(value(totalVariation(image, region, 'both'))).toBeCloseTo((3 + 2) / 6, 5);
  });
  it('dilates a hole by a pixel all around', () => {
    const hole = tf.tensor4d([0, 0, 0, 0, 0, 0, 0, 0, 1], [1, 3, 3, 1]);
    expect([...dilateHole(hole).dataSync()]).toEqual([0, 0, 0, 0, 1, 1, 0, 1, 1]);
  });
});

it('a mean over a region does not depend on what is outside, and is 0 over none', () => {
  const x = tf.tensor4d([1, 3, 100, 100], [1, 2, 1, 2]);
  expect(value(regionMean(x, tf.tensor4d([1, 0], [1, 2, 1, 1])))).toBeCloseTo(2, 5);
  expect(value(regionMean(x, tf.zeros([1, 2, 1, 1])))).toBe(0);
});

describe('losses on features', () => {
  const channels = [3, 4, 4, 6, 6, 8, 8, 8];
  const trunk = channels.slice(1).map((filters, index) => ({
    kernel: normalTensor([3, 3, channels[index], filters], 0.3),
    bias: tf.zeros([filters]),
  })) as unknown as VggConvolutions;
  const compare = featureLosses(trunk, (image) => image);
  const image = normalTensor([2, 16, 16, 3], 0.5) as Tensor4D;

  it('are 0 for the same image, and style does not see where things are', () => {
    const turned = tf.reverse(image, 2) as Tensor4D;
    const [same, other] = compare([image, turned], image);
    expect([value(same.perceptual), value(same.style)]).toEqual([0, 0]);
    expect(value(other.perceptual)).toBeGreaterThan(0);
    const features = normalTensor([1, 4, 4, 3]) as Tensor4D;
    const gap = tf.sub(gramMatrix(features), gramMatrix(tf.reverse(features, [1, 2])));
    expect(value(tf.max(tf.abs(gap)))).toBeLessThan(1e-6);
  });

  it('have gradients', () => {
    expectGradients((x) => gramMatrix(x as Tensor4D), [normalTensor([2, 3, 4, 3])]);
  });
});
