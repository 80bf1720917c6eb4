import { describe, expect, it } from 'vitest';
import { foldConstants } from '../../src/graph/simplify/fold-constants.ts';
import { ReflectionConv2D } from '../../src/nn/reflection-conv.ts';
import { SpectralConv2D } from '../../src/nn/spectral-norm.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';
import { elements, network, operations, simplified, stored, uniform } from './graphs.ts';

describe('foldConstants', () => {
  it('stores the result where it is no larger than its sources', () => {
    const [a, b] = [uniform([64, 64], 'a'), uniform([64, 64], 'b')];
    const graph = simplified([64], (x) => tf.add(x, tf.mul(tf.sum(tf.mul(a, b), 0), 2)), [foldConstants]);
    expect(operations(graph)).toEqual(['Add']);
    expect(stored(graph)).toEqual([[64]]);
  });

  it('stores the sources where they are smaller, and keeps the nodes', () => {
    const [a, b] = [uniform([64, 1], 'a'), uniform([1, 64], 'b')];
    const graph = simplified([64, 64], (x) => tf.mul(x, tf.abs(tf.mul(tf.abs(a), b))), [foldConstants]);
    expect(operations(graph)).toEqual(['Mul', 'Abs', 'Mul']);
    expect(stored(graph).sort()).toEqual([
      [1, 64],
      [64, 1],
    ]);
  });

  it('stops where least is to be stored, for several results together', () => {
    const large = uniform([64, 64]);
    const run = (x: Tensor) => {
      const scaled = tf.mul(tf.abs(large), 2);
      return tf.add(tf.add(x, tf.tile(scaled, [2, 1])), tf.tile(tf.neg(scaled), [2, 1]));
    };
    const graph = simplified([128, 64], run, [foldConstants]);
    expect(operations(graph)).toEqual(
      ['Tile', 'AddV2', 'Neg', 'Tile', 'AddV2'].map((op) => op.replace('AddV2', 'Add')),
    );
    expect(stored(graph).filter(([side]) => side === 64)).toEqual([[64, 64]]);
  });

  it('folds spectral norm, and keeps an upsampling kernel that would grow to four of two by two', () => {
    const spectral = network(
      [4, 4, 8],
      [new SpectralConv2D({ name: 's', filters: 32, kernelSize: 3, pad: 1 })],
    );
    const folded = simplified([4, 4, 8], (x) => spectral.apply(x) as Tensor, [foldConstants], 1e-6);
    expect(operations(folded)).toEqual(['MirrorPad', 'Conv2D', 'BiasAdd']);
    const upsampling = network(
      [4, 4, 32],
      [new ReflectionConv2D({ name: 'u', filters: 32, kernelSize: 3, pad: 1, upsample: true })],
    );
    const kept = simplified([4, 4, 32], (x) => upsampling.apply(x) as Tensor, [foldConstants]);
    expect(elements(kept)).toBeLessThanOrEqual(9 * 32 * 32);
    spectral.dispose();
    upsampling.dispose();
  });

  it('keeps the parts of a split that are still to be computed', () => {
    const large = uniform([40, 64]);
    const run = (x: Tensor) => {
      const [small, rest] = tf.split(large, [1, 39], 0) as [Tensor, Tensor];
      return tf.add(tf.add(x, small), tf.reshape(tf.tile(rest, [2, 1]), [1, -1]).slice([0, 7], [1, 64]));
    };
    const graph = simplified([64], run, [foldConstants]);
    expect(operations(graph).filter((op) => op !== 'Add')).toEqual([]);
  });
});
