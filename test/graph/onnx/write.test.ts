import { describe, expect, it } from 'vitest';
import { Graph, type GraphParts } from '../../../src/graph/graph.ts';
import { decodeModel } from '../../../src/graph/onnx/protobuf.ts';
import { openOnnx } from '../../../src/graph/onnx/session.ts';
import { unusableModel } from '../../../src/graph/onnx/unusable-model.ts';
import { simplify } from '../../../src/graph/simplify/simplify.ts';
import { normalize } from '../../../src/ops/normalize.ts';
import { type Tensor4D, tf } from '../../../src/ops/tf.ts';
import { type Computation, graphOf, largestDifference, randomValues, write } from './support.ts';

/** A graph of one operation on pictures [n,4,6,3]. */
function single(op: string, more: Partial<GraphParts> = {}): Graph {
  const value = { type: 'float32', shape: [null, 4, 6, 3] } as const;
  return new Graph({
    values: new Map([
      [0, value],
      [1, value],
    ]),
    constants: new Map(),
    nodes: [{ op, attributes: {}, inputs: [0], outputs: [1] }],
    inputs: new Map([['picture', 0]]),
    outputs: new Map([['result', 1]]),
    ...more,
  });
}

/** A convolution by a weight of many numbers, and a bias. */
function weighted(): Graph {
  const kernel = randomValues([3, 3, 12, 16]);
  const { data } = randomValues([16]);
  return new Graph({
    values: new Map([
      [0, { type: 'float32', shape: [null, 5, 7, 12] }],
      [1, { type: 'float32', shape: kernel.shape }],
      [2, { type: 'float32', shape: [16] }],
      [3, { type: 'float32', shape: [null, 3, 5, 16] }],
      [4, { type: 'float32', shape: [null, 3, 5, 16] }],
    ]),
    constants: new Map([
      [1, { name: 'G/conv1/kernel', ...kernel }],
      [2, { name: 'G/conv1/bias', shape: [16], data }],
    ]),
    nodes: [
      { op: 'Conv2D', attributes: { strides: [1, 1, 1, 1], padding: 'VALID' }, inputs: [0, 1], outputs: [3] },
      { op: 'BiasAdd', attributes: {}, inputs: [3, 2], outputs: [4] },
    ],
    inputs: new Map([['x', 0]]),
    outputs: new Map([['y', 4]]),
  });
}

const operatorsOf = (model: Uint8Array) => decodeModel(model).graph.node.map(({ opType }) => opType);

describe('a file', () => {
  it('names inputs and outputs, NCHW with an open batch size, and says what they are', () => {
    const { graph, opsetImport, docString, metadataProps } = decodeModel(
      write(single('Relu'), { ports: { picture: 'any' }, metadata: { licence: 'MIT' } }),
    );
    const [picture] = graph.input;
    expect(picture).toMatchObject({ name: 'picture', docString: 'any' });
    const dim = [{ dimParam: 'n' }, { dimValue: 3 }, { dimValue: 4 }, { dimValue: 6 }];
    expect(picture.type.tensorType).toMatchObject({ elemType: 1, shape: { dim } });
    expect(graph.output[0]).toMatchObject({ name: 'result', type: picture.type });
    expect(graph.node).toMatchObject([{ opType: 'Relu', input: ['picture'], output: ['result'] }]);
    expect(opsetImport).toMatchObject([{ version: 18 }]);
    expect(docString).toBe('A model of a test.');
    expect(metadataProps).toMatchObject([{ key: 'licence', value: 'MIT' }]);
  });

  it('has the names of layers, and a bias within its convolution', () => {
    const { node, initializer } = decodeModel(write(weighted())).graph;
    expect(node).toMatchObject([{ name: 'G/conv1/Conv', input: ['x', 'G/conv1/kernel', 'G/conv1/bias'] }]);
    expect(initializer.map(({ dims }) => dims)).toEqual([[16, 12, 3, 3], [16]]);
  });

  it('is the same for the same graph', () => {
    expect(write(weighted())).toEqual(write(weighted()));
  });

  it('keeps a bias apart where the sum without it is needed too', async () => {
    const graph = weighted();
    const both = graph.with({ outputs: new Map([...graph.outputs, ['sum', 3]]) });
    expect(operatorsOf(write(both))).toEqual(['Conv', 'Add']);
  });

  it('may have an input or the same value twice as outputs', async () => {
    const graph = single('Relu', {
      outputs: new Map([
        ['a', 1],
        ['b', 1],
        ['same', 0],
      ]),
    });
    const session = await openOnnx(write(graph));
    const picture = randomValues([1, 4, 6, 3]);
    const { a, b, same } = await session.run({ picture });
    await session.release();
    expect(same).toEqual(picture);
    expect(a).toEqual(b);
    expect(a.data).toEqual(picture.data.map((value) => Math.max(0, value)));
  });
});

describe('half precision', () => {
  it('halves large weights, and only them, within their rounding', async () => {
    const [whole, half] = [write(weighted()), write(weighted(), { precision: 'fp16' })];
    const { initializer, node } = decodeModel(half).graph;
    expect(initializer.map(({ name, dataType }) => [name, dataType])).toEqual([
      ['G/conv1/kernel:half', 10],
      ['G/conv1/bias', 1],
    ]);
    expect(node.map(({ opType }) => opType)).toEqual(['Cast', 'Conv']);
    expect(whole.length - half.length).toBeGreaterThan(2 * 3 * 3 * 12 * 16 - 200);
    const x = randomValues([2, 5, 7, 12]);
    const results = await Promise.all(
      [whole, half].map(async (model) => {
        const session = await openOnnx(model);
        const { y } = await session.run({ x });
        await session.release();
        return y.data;
      }),
    );
    const differences = results[0].map((value, i) => Math.abs(value - results[1][i]));
    // 108 products of numbers up to 2, each rounded by up to 2^-11 of itself.
    expect(Math.max(...differences)).toBeLessThan(108 * 4 * 2 ** -11);
    expect(Math.max(...differences)).toBeGreaterThan(0);
  });

  it('leaves weights beyond its range as they are', () => {
    const graph = weighted();
    (graph.constants.get(1)!.data as Float32Array)[5] = 70_000;
    expect(operatorsOf(write(graph, { precision: 'fp16' }))).toEqual(['Conv']);
  });
});

describe('adaptive instance normalisation becomes one operation', () => {
  const perSample: Computation = {
    inputs: { x: [4, 6, 3], style: [3] },
    run: ({ x, style }) => {
      const scale = tf.reshape(style, [-1, 1, 1, 3]) as Tensor4D;
      return normalize(x as Tensor4D, [1, 2], scale, tf.add(scale, 1), 1e-5);
    },
  };
  const shared: Computation = {
    inputs: { x: [4, 6, 3] },
    run: ({ x }) => {
      const { data } = randomValues([1, 1, 1, 3]);
      const gamma = tf.tensor4d(data, [1, 1, 1, 3]);
      return normalize(x as Tensor4D, [1, 2], gamma, tf.mul(gamma, 2), 1e-5);
    },
  };
  for (const [what, computation] of Object.entries({ perSample, shared }))
    it(`with a scale ${what === 'shared' ? 'for all' : 'for each sample'}`, async () => {
      const model = write(simplify(graphOf(computation)));
      const operators = operatorsOf(model);
      expect(operators).toContain('InstanceNormalization');
      expect(operators).not.toContain('ReduceMean');
      for (const batch of [1, 3])
        expect(await largestDifference(computation, model, batch)).toBeLessThan(1e-5);
    });
});

describe('what cannot be written is told', () => {
  it('by the name of an unknown operation', () => {
    expect(() => write(single('Cholesky'))).toThrow(/Cholesky.*value 1/s);
  });

  it('where ONNX has no such mode', () => {
    const graph = single('MirrorPad');
    const { values, nodes } = graph;
    const constants = new Map([[2, { shape: [4, 2], data: Int32Array.of(0, 0, 2, 2, 2, 2, 0, 0) }]]);
    const padded = graph.with({
      values: new Map([...values, [2, { type: 'int32' as const, shape: [4, 2] }]]),
      constants,
      nodes: [{ ...nodes[0], attributes: { mode: 'SYMMETRIC' }, inputs: [0, 2] }],
    });
    expect(() => write(padded)).toThrow(/mirrors more than one pixel/);
  });

  it('by onnxruntime where a file is no model', async () => {
    await expect(openOnnx(Uint8Array.of(1, 2, 3))).rejects.toThrow(
      /onnxruntime cannot open[\s\S]*fix: .*export/,
    );
    const named = (model: unknown) => unusableModel(model, new Error('no protobuf')).details;
    expect(named('model.onnx')).toMatchObject({ where: 'model.onnx', got: 'no protobuf' });
    expect(named(new URL('https://example.com/model.onnx')).where).toBe('https://example.com/model.onnx');
    // An address that is the model itself has megabytes.
    expect(named('data:;base64,AAAA').where).toBeUndefined();
  });
});
