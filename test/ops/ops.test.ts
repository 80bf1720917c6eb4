import { describe, expect, it } from 'vitest';
import { untaped } from '../../src/ops/gradients.ts';
import {
  addBias,
  depthToSpace,
  mirrorPad,
  rectify,
  seededNormal,
  seededUniform,
  spaceToDepth,
} from '../../src/ops/ops.ts';
import { type Tensor4D, type TensorFlow, tf } from '../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';

const image = (shape: number[], scale?: number) => normalTensor(shape, scale) as Tensor4D;
const four = (f: (x: Tensor4D) => Tensor4D) => (x: TensorFlow.Tensor) => f(x as Tensor4D);

describe('padding', () => {
  it('reflects without repeating the border', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const padded = mirrorPad(x, 2, 'REFLECT').reshape([7, 7]).arraySync() as number[][];
    expect(padded[0]).toEqual([9, 8, 7, 8, 9, 8, 7]);
    expect(padded[3]).toEqual([6, 5, 4, 5, 6, 5, 4]);
  });
  it('repeats the border when asked to', () => {
    const padded = mirrorPad(tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]), 1, 'SYMMETRIC')
      .reshape([4, 4])
      .arraySync();
    expect(padded).toEqual([
      [1, 1, 2, 2],
      [1, 1, 2, 2],
      [3, 3, 4, 4],
      [3, 3, 4, 4],
    ]);
  });
  it('has gradients that count mirrored pixels', () => {
    expectGradients(
      four((x) => mirrorPad(x, 2, 'REFLECT')),
      [image([2, 4, 5, 3])],
    );
    expectGradients(
      four((x) => mirrorPad(x, 1, 'SYMMETRIC')),
      [image([2, 3, 4, 3])],
    );
  });
  it('refuses to reflect more than there is', () => {
    expect(() => mirrorPad(tf.zeros([1, 2, 2, 1]), 2, 'REFLECT')).toThrow(RangeError);
  });
});

describe('depthToSpace', () => {
  it('interleaves channels', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 1, 4]);
    expect(depthToSpace(x, 2).reshape([2, 2]).arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
  it('is undone by spaceToDepth', () => {
    const x = image([2, 3, 2, 18]);
    for (const size of [1, 3]) expect(maxDifference(spaceToDepth(depthToSpace(x, size), size), x)).toBe(0);
  });
  it('has a gradient, and so has its inverse', () => {
    expectGradients(
      four((x) => depthToSpace(x, 2)),
      [image([2, 3, 2, 8])],
    );
    expectGradients(
      four((x) => spaceToDepth(x, 2)),
      [image([2, 4, 6, 2])],
    );
  });
});

describe('rectify', () => {
  it.each([0, 0.2])('is max(x, %f x)', (slope) => {
    const x = tf.tensor1d([-2, -0.5, 0, 3]);
    expect(maxDifference(rectify(x, slope), tf.maximum(x, tf.mul(x, slope)))).toBe(0);
  });
  it.each([0, 0.2])('has a gradient for slope %f', (slope) => {
    // Values away from the kink, where a difference would straddle it.
    const x = tf.add(normalTensor([50]), tf.mul(tf.sign(normalTensor([50])), 5));
    expectGradients((t) => rectify(t, slope), [x]);
  });
});

it('addBias has gradients', () => {
  expectGradients((x, bias) => addBias(x as Tensor4D, bias), [image([2, 3, 4, 5]), normalTensor([5])]);
});

describe('untaped', () => {
  it('makes a constant of what it computes', () => {
    const gradient = tf.grad((x) =>
      tf.sum(
        tf.mul(
          x,
          untaped(() => tf.square(x)),
        ),
      ),
    )(tf.tensor1d([3]));
    expect(gradient.dataSync()[0]).toBe(9);
  });
  it('lets gradients be computed inside', () => {
    let inner: TensorFlow.Tensor | undefined;
    const outer = tf.grad((x) => {
      untaped(() => {
        inner = tf.keep(tf.grad((y) => tf.sum(tf.square(y)))(x));
      });
      return tf.sum(tf.mul(x, 5));
    })(tf.tensor1d([2]));
    expect(inner!.dataSync()[0]).toBe(4);
    expect(outer.dataSync()[0]).toBe(5);
    inner!.dispose();
  });
  it('restores the tape after an error', () => {
    const gradient = tf.grad((x) => {
      expect(() =>
        untaped(() => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      return tf.sum(tf.square(x));
    })(tf.tensor1d([3]));
    expect(gradient.dataSync()[0]).toBe(6);
  });
});

describe('seeded values', () => {
  it('depend on the seed alone', () => {
    const draw = (seed: [number, number]) => seededNormal([1000], 2, seed);
    expect(maxDifference(draw([1, 2]), draw([1, 2]))).toBe(0);
    expect(maxDifference(draw([1, 2]), draw([1, 3]))).toBeGreaterThan(0.1);
  });
  it('have the deviation and the bound asked for', () => {
    const { variance } = tf.moments(seededNormal([100000], 2, [1, 2]));
    expect(Math.sqrt(variance.dataSync()[0])).toBeCloseTo(2, 1);
    const uniform = seededUniform([100000], 0.5, [1, 2]);
    expect(tf.max(uniform).dataSync()[0]).toBeLessThan(0.5);
    expect(tf.min(uniform).dataSync()[0]).toBeGreaterThanOrEqual(-0.5);
    expect(tf.mean(tf.abs(uniform)).dataSync()[0]).toBeCloseTo(0.25, 2);
  });
});
