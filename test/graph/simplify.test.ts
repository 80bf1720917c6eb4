import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { foldBatchNorms } from '../../src/graph/simplify/fold-batch-norm.ts';
import { foldConstants } from '../../src/graph/simplify/fold-constants.ts';
import {
  flattenMatrixProducts,
  recogniseChannelMeans,
  removeIdentities,
} from '../../src/graph/simplify/peephole.ts';
import { mergeConstants, mergeNodes } from '../../src/graph/simplify/simplify.ts';
import { reduceUpsampling } from '../../src/graph/simplify/upsampling.ts';
import { BatchNorm } from '../../src/nn/feature-norm.ts';
import { ReflectionConv2D } from '../../src/nn/reflection-conv.ts';
import { addBias } from '../../src/ops/convolution/bias.ts';
import { convolveUpsampled } from '../../src/ops/convolution/upsampling.ts';
import { momentsOf } from '../../src/ops/normalize.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { elements, kernel, network, operations, simplified, stored, uniform } from './graphs.ts';

describe('withoutDeadCode', () => {
  it('removes what no output needs, constants too', () => {
    const graph = simplified([2], (x) => [tf.mul(tf.abs(x), 3), tf.relu(x)][1], [
      (traced: Graph) => traced.withoutDeadCode(),
    ]);
    expect(operations(graph)).toEqual(['Relu']);
    expect(graph.constants.size).toBe(0);
    expect(graph.values.size).toBe(2);
  });
});

describe('removeIdentities', () => {
  it('removes what changes nothing', () => {
    const graph = simplified(
      [4],
      (x) => {
        const y = tf.div(tf.sub(tf.add(0, tf.mul(x, 1)), tf.zeros([4])), 1);
        return tf.cast(tf.reshape(tf.reshape(tf.tile(y, [1, 1]), [-1, 2, 2]), [-1, 4]), 'float32');
      },
      [removeIdentities, removeIdentities],
    );
    expect(operations(graph)).toEqual([]);
  });

  it('keeps sums and products that broadcast or change something', () => {
    const graph = simplified([1], (x) => tf.add(tf.mul(x, tf.ones([1, 3])), tf.tensor([0, 0, 1])), [
      removeIdentities,
    ]);
    expect(operations(graph)).toEqual(['Mul', 'AddV2']);
  });

  it('gives operations one name', () => {
    const graph = simplified(
      [2],
      (x) => tf.expandDims(tf.matMul(tf.add(x, 1) as never, tf.ones([2, 2])), 2),
      [removeIdentities],
    );
    expect(operations(graph)).toEqual(['AddV2', 'MatMul', 'Reshape']);
  });
});

describe('mergeConstants and mergeNodes', () => {
  it('stores equal numbers once, of equal type and shape only', () => {
    const graph = simplified(
      [2],
      (x) => tf.add(tf.mul(tf.add(x, tf.tensor([1, 2])), tf.tensor([1, 2])), tf.tensor([[1, 2]])),
      [mergeConstants],
    );
    expect(stored(graph)).toEqual([[2], [1, 2]]);
  });

  it('computes once what is the same, in chains too', () => {
    const graph = simplified([2], (x) => tf.mul(tf.sin(tf.abs(x)), tf.sin(tf.abs(x))), [mergeNodes]);
    expect(operations(graph)).toEqual(['Abs', 'Sin', 'Mul']);
  });
});

describe('recogniseChannelMeans', () => {
  it('finds sums and means over height and width', () => {
    const run = (x: Tensor) => {
      const { mean, variance } = momentsOf(x as Tensor4D, [1, 2]);
      return tf.add(mean, variance);
    };
    const graph = simplified([8, 4, 3], run, [recogniseChannelMeans], 1e-6);
    expect(operations(graph)).toEqual(['Mean', 'SquaredDifference', 'Mean', 'Add']);
    expect(graph.values.get(graph.nodes[0].outputs[0])!.shape).toEqual([null, 1, 1, 3]);
  });

  it('leaves products with other numbers', () => {
    const ones = tf.tensor3d([1, 1, 1, 2], [1, 1, 4]);
    const run = (x: Tensor) => tf.reshape(tf.matMul(ones, tf.reshape(x, [-1, 4, 3])), [-1, 1, 1, 3]);
    expect(operations(simplified([2, 2, 3], run, [recogniseChannelMeans]))).toContain('BatchMatMulV2');
  });
});

describe('flattenMatrixProducts', () => {
  it('makes dense layers products of matrices', () => {
    const dense = network([5], [tf.layers.dense({ units: 4 }), tf.layers.dense({ units: 3 })]);
    const passes = [removeIdentities, foldConstants, flattenMatrixProducts];
    const graph = simplified(
      [5],
      (x) => dense.apply(x) as Tensor,
      [...passes, ...passes, removeIdentities],
      1e-6,
    );
    expect(operations(graph)).toEqual(['MatMul', 'AddV2', 'MatMul', 'AddV2']);
  });
});

describe('foldBatchNorms', () => {
  const passes = [removeIdentities, foldConstants, foldBatchNorms, foldConstants];
  const convolution = (upsample: boolean) =>
    new ReflectionConv2D({ name: 'conv', filters: 4, kernelSize: 3, pad: 1, upsample });

  it('folds batch normalisation into the convolution before it', () => {
    const layers = network([6, 6, 3], [convolution(false), new BatchNorm({ name: 'norm' })]);
    const graph = simplified([6, 6, 3], (x) => layers.apply(x) as Tensor, passes, 1e-6);
    expect(operations(graph)).toEqual(['MirrorPad', 'Conv2D', 'BiasAdd']);
  });

  it('folds it into an upsampling convolution too, and the bias with it', () => {
    const layers = network([6, 6, 3], [convolution(true), new BatchNorm({ name: 'norm' })]);
    const graph = simplified([6, 6, 3], (x) => layers.apply(x) as Tensor, passes, 1e-6);
    const rest = operations(graph).slice(operations(graph).indexOf('Conv2D'));
    expect(rest).toEqual([
      'Conv2D',
      'BiasAdd',
      'SplitV',
      'Slice',
      'Slice',
      'Slice',
      'Slice',
      'ConcatV2',
      'DepthToSpace',
    ]);
  });

  it('scales the small kernel where the large one is computed from it', () => {
    const upsampling = new ReflectionConv2D({
      name: 'c',
      filters: 16,
      kernelSize: 3,
      pad: 1,
      upsample: true,
    });
    const layers = network([4, 4, 32], [upsampling, new BatchNorm({ name: 'norm' })]);
    const graph = simplified([4, 4, 32], (x) => layers.apply(x) as Tensor, passes, 1e-5);
    expect(elements(graph)).toBeLessThanOrEqual(9 * 32 * 32);
    expect(operations(graph)).not.toContain('Mul');
  });

  it('leaves a convolution whose result is used elsewhere, and what is not one number a channel', () => {
    const k = kernel([1, 1, 2, 2]);
    const twice = (x: Tensor) => {
      const y = tf.conv2d(x as Tensor4D, k, 1, 'valid');
      return tf.add(y, tf.mul(y, tf.tensor([2, 3])));
    };
    expect(operations(simplified([2, 2, 2], twice, passes))).toContain('Mul');
    const byPlace = (x: Tensor) => tf.mul(tf.conv2d(x as Tensor4D, k, 1, 'valid'), uniform([1, 2, 2, 1]));
    expect(operations(simplified([2, 2, 2], byPlace, passes))).toEqual(['Conv2D', 'Mul']);
  });

  it('sums up biases, differences and scalars', () => {
    const k = kernel([1, 1, 2, 2]);
    const run = (x: Tensor) => {
      const y = addBias(tf.conv2d(x as Tensor4D, k, 1, 'valid'), tf.tensor1d([1, 2]));
      return tf.add(5, tf.mul(tf.sub(tf.mul(2, y), tf.tensor([1, 4])), 0.5));
    };
    const graph = simplified([2, 2, 2], run, passes, 1e-6);
    expect(operations(graph)).toEqual(['Conv2D', 'BiasAdd']);
    expect([...graph.constants.values()].map(({ data }) => [...data])).toContainEqual([5.5, 5]);
  });
});

describe('reduceUpsampling', () => {
  const passes = [removeIdentities, foldConstants, foldBatchNorms, reduceUpsampling];
  const kernelSizes = (graph: Graph) =>
    graph.nodes
      .filter(({ op }) => op === 'Conv2D')
      .map(({ inputs }) => graph.shape(inputs[1]).slice(0, 2).join('×'))
      .sort();

  it('makes four convolutions of 9 taps together, with normalisation and bias', () => {
    const layers = network(
      [5, 4, 6],
      [
        new ReflectionConv2D({ name: 'c', filters: 3, kernelSize: 3, pad: 1, upsample: true }),
        new BatchNorm({ name: 'norm' }),
      ],
    );
    const graph = simplified([5, 4, 6], (x) => layers.apply(x) as Tensor, passes, 1e-5);
    expect(kernelSizes(graph)).toEqual(['1×1', '1×2', '2×1', '2×2']);
    expect(graph.nodes.filter(({ op }) => op === 'BiasAdd')).toHaveLength(1);
    const large = stored(graph).filter(([, , c, f]) => c === 6 && f === 3);
    expect(large.reduce((taps, [h, w]) => taps + h * w, 0)).toBe(9);
  });

  it('does so at a border of zeros', () => {
    const k = kernel([3, 3, 2, 5]);
    const run = (x: Tensor) => convolveUpsampled(x as Tensor4D, k, 'zero');
    expect(kernelSizes(simplified([3, 1, 2], run, passes, 1e-5))).toEqual(['1×1', '1×2', '2×1', '2×2']);
  });

  it('leaves phases that are not those of one kernel', () => {
    const k = kernel([2, 2, 2, 4]);
    const run = (x: Tensor) => {
      const parts = tf.split(tf.conv2d(x as Tensor4D, k, 1, 'valid'), 4, 3);
      const cut = parts.map((part, phase) => tf.slice(part, [0, phase >> 1, phase & 1, 0], [-1, 3, 3, -1]));
      return tf.depthToSpace(tf.concat(cut, 3) as Tensor4D, 2, 'NHWC');
    };
    const graph = simplified([5, 5, 2], run, passes);
    expect(operations(graph)).toContain('SplitV');
    expect(kernelSizes(graph)).toEqual(['2×2']);
  });
});
