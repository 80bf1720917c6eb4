import { describe, expect, it } from 'vitest';
import { traceGraph } from '../../src/graph/trace.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { momentsOf } from '../../src/ops/normalize.ts';
import { type Tensor, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { tinyConfig, tinyMethod } from '../models/dps/tiny.ts';
import { expectSame, operations, uniform } from './graphs.ts';

const backend = tf.backend() as unknown as Record<string, unknown>;

describe('traceGraph', () => {
  it('records what runs, with open batch, weights by name and no type attributes', () => {
    const kernel = tf.variable(uniform([2, 3]));
    const graph = traceGraph({ x: [2] }, ({ x }) => ({ y: tf.relu(tf.matMul(x, kernel as never)) }), {
      'dense/kernel': kernel,
    });
    expect(operations(graph)).toEqual(['BatchMatMulV2', 'Relu']);
    expect(graph.nodes[0].attributes).toEqual({ adj_x: false, adj_y: false });
    const y = graph.outputs.get('y')!;
    expect(graph.values.get(y)).toEqual({ type: 'float32', shape: [null, 3] });
    expect(graph.values.get(graph.inputs.get('x')!)!.shape).toEqual([null, 2]);
    const [constant] = [...graph.constants.values()];
    expect(constant).toEqual({ name: 'dense/kernel', shape: [2, 3], data: kernel.dataSync() });
    kernel.dispose();
  });

  it('opens the batch size in shapes and in the sizes of slices', () => {
    const run = ({ x }: Record<string, Tensor>) => ({
      y: tf.slice(tf.reshape(x, [x.shape[0], 2, 3]), [0, 1, 0], [-1, 1, 2]),
    });
    const graph = traceGraph({ x: [6] }, run);
    expect([...graph.constants.values()].map(({ data }) => [...data])).toEqual([
      [-1, 2, 3],
      [0, 1, 0],
      [-1, 1, 2],
    ]);
    expectSame(graph, { x: [6] }, run, 0);
  });

  it('gives outputs that are the same value, an input or a constant', () => {
    const run = ({ x }: Record<string, Tensor>) => {
      const y = tf.abs(x);
      return { y, again: y.clone(), input: x.clone(), constant: tf.range(0, 3) };
    };
    const graph = traceGraph({ x: [2] }, run);
    expect(graph.outputs.get('again')).toBe(graph.outputs.get('y'));
    expectSame(graph, { x: [2] }, run, 0);
  });

  it('refuses what depends on the batch size', () => {
    const trace = (run: (x: Tensor) => Tensor) => traceGraph({ x: [4, 4, 2] }, ({ x }) => ({ y: run(x) }));
    expect(() => trace((x) => tf.mul(x, x.shape[0]))).toThrow(/constant depends on the batch size.*Mul/);
    expect(() => trace((x) => (x.shape[0] === 2 ? tf.relu(x) : tf.abs(x)))).toThrow(
      /operation 0 is .*Relu.* or .*Abs/,
    );
    expect(() => trace((x) => momentsOf(x as Tensor4D, [0, 1, 2]).mean)).toThrow(/batch size/);
    expect(() => trace((x) => tf.tile(x, [x.shape[0], 1, 1, 1]))).toThrow(/batch size/);
  });

  it('refuses to lose what leaves the engine', () => {
    expect(() => traceGraph({ x: [2] }, ({ x }) => ({ y: tf.scalar(x.dataSync()[0]) }))).toThrow(
      /reads values which depend on its inputs/,
    );
  });

  it('leaves neither tensors nor changes of the backend, after errors too', () => {
    const own = Object.keys(backend);
    const before = tf.memory().numTensors;
    traceGraph({ x: [2] }, ({ x }) => ({ y: tf.mul(tf.abs(x), 3) }));
    expect(() =>
      traceGraph({ x: [2] }, ({ x }) => {
        tf.abs(x);
        throw new Error('from inside');
      }),
    ).toThrow('from inside');
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(backend)).toEqual(own);
  });

  it('gives a network’s graph, which computes exactly the same', () => {
    const method = tinyMethod(tinyConfig());
    const network = method.networks.G64;
    const inputs = { x: [64, 64, 7], l: [1], below: [32, 32, 6] };
    const run = ({ x, l, below }: Record<string, Tensor>) => {
      const [features, picture] = network.apply([x, l, below]) as Tensor[];
      return { features: features, picture: picture };
    };
    const graph = traceGraph(inputs, run, namedWeights(network));
    const names = [...graph.constants.values()].flatMap(({ name }) => name ?? []);
    expect(names.sort()).toEqual(Object.keys(namedWeights(network)).sort());
    expectSame(graph, inputs, run, 0);
    method.dispose();
  });
});
