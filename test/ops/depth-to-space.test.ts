import { describe, expect, it } from 'vitest';
import { depthToSpace, spaceToDepth } from '../../src/ops/depth-to-space.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { expectGradients, maxDifference, normalTensor } from '../finite-differences.ts';

const image = (shape: number[]) => normalTensor(shape) as Tensor4D;
const four = (f: (x: Tensor4D) => Tensor4D) => (x: Tensor) => f(x as Tensor4D);

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
