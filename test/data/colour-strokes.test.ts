import { describe, expect, it } from 'vitest';
import { drawColourStrokes, flatColours } from '../../src/data/colour-strokes.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';
import { maxDifference, normalTensor } from '../finite-differences.ts';

const value = (x: Tensor) => x.dataSync()[0];

describe('flatColours', () => {
  it('evens out what differs little and keeps what differs much', () => {
    const half = (colour: number) => tf.fill([1, 32, 16, 3], colour);
    const image = tf.concat([half(-0.6), half(0.6)], 2) as Tensor4D;
    const noisy = tf.add(image, normalTensor([1, 32, 32, 3], 0.1)) as Tensor4D;
    const flat = flatColours(noisy);
    const spread = (x: Tensor4D) => value(tf.max(tf.abs(tf.sub(x, image))));
    expect(spread(noisy)).toBeGreaterThan(0.2);
    expect(spread(flat)).toBeLessThan(0.1);
  });
});

describe('drawColourStrokes', () => {
  const image = normalTensor([8, 64, 64, 3], 0.3) as Tensor4D;

  it('covers a little of a photo, the same for the same stream', () => {
    const draw = (seed: number) => {
      const random = stream(seed);
      return drawColourStrokes(image, () => random);
    };
    const [first, second, other] = [draw(1), draw(1), draw(2)];
    const share = value(tf.mean(first.where));
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(0.3);
    expect(maxDifference(first.where, second.where)).toBe(0);
    expect(maxDifference(first.where, other.where)).toBe(1);
    expect(first.colours.shape).toEqual(image.shape);
  });

  it('draws for each photo from its own stream, whatever the batch', () => {
    const streamOf = (index: number) => stream(1, index);
    const all = drawColourStrokes(image, streamOf);
    const alone = drawColourStrokes(image.slice([5], [1]), () => streamOf(5));
    expect(maxDifference(all.where.slice([5], [1]), alone.where)).toBe(0);
    expect(maxDifference(all.colours.slice([5], [1]), alone.colours)).toBeLessThan(1e-5);
  });

  it('leaves only its two tensors behind', () => {
    const before = tf.memory().numTensors;
    const strokes = drawColourStrokes(image, () => stream(3));
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([strokes.colours, strokes.where]);
  });
});
