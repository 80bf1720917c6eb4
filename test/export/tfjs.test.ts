import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { graphOf, pipeline, singleNetwork } from '../../src/core/computation.ts';
import { openGraphModel } from '../../src/export/formats/tfjs.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { writeGraphModel } from '../../src/graph/tfjs.ts';
import { traceGraph } from '../../src/graph/trace.ts';
import { leakyRelu } from '../../src/ops/activations.ts';
import { addBias } from '../../src/ops/convolution/bias.ts';
import { type Tensor, type Tensor1D, type Tensor4D, tf } from '../../src/ops/tf.ts';
import { expectClose, expectSame, kernel, operations, randomiseWeights, uniform } from '../graph/graphs.ts';
import { tinyBatch, tinyConfig, tinyMethod } from '../models/dps/tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'graph-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface ModelJson {
  readonly modelTopology: { readonly node: readonly { readonly op: string }[] };
  readonly weightsManifest: readonly [
    { readonly paths: string[]; readonly weights: readonly { name: string; quantization?: object }[] },
  ];
}

const modelJson = (path: string) => JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')) as ModelJson;

/** Runs a GraphModel by TF.js's own executor on its JavaScript backend. */
async function predict(path: string, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const values = Object.entries(feeds).map(([name, x]) => [name, x.shape, x.dataSync()] as const);
  await tf.setBackend('cpu');
  try {
    const model = await tf.loadGraphModel(`file://${path}/model.json`);
    const inputs = values.map(([name, shape, data]) => [name, tf.tensor(data, shape)] as const);
    const outputs = model.predict(Object.fromEntries(inputs)) as unknown as Record<string, Tensor>;
    const results = Object.entries(outputs).map(([name, y]) => [name, y.shape, y.dataSync()] as const);
    model.dispose();
    tf.dispose([inputs.map(([, x]) => x), outputs]);
    await tf.setBackend('tensorflow');
    return Object.fromEntries(results.map(([name, shape, data]) => [name, tf.tensor(data, shape)]));
  } finally {
    await tf.setBackend('tensorflow');
  }
}

describe.each(['edit', 'synthesis'] as const)('the whole path, %s', (task) => {
  const config = tinyConfig({ task });
  const method = tinyMethod(config);
  for (const network of Object.values(method.networks)) randomiseWeights(network);
  const computation = pipeline(method, config);
  const before = tf.memory().numTensors;
  const graph = graphOf(computation);
  const leaked = tf.memory().numTensors - before;

  const feeds = (count: number): Record<string, Tensor> => {
    const { image, hole, sketch } = tinyBatch(count, 64);
    const l = tf.tensor2d(
      Array.from({ length: count }, (_, i) => i / 4),
      [count, 1],
    );
    return task === 'edit' ? { photo: image, hole, sketch, l } : { sketch, l };
  };

  it('becomes a graph of its inputs and outputs that computes the same for every batch size', () => {
    expect(leaked).toBe(0);
    const names = task === 'edit' ? ['photo', 'hole', 'sketch', 'l'] : ['sketch', 'l'];
    expect([...graph.inputs.keys()]).toEqual(names);
    expect([...graph.outputs.keys()]).toEqual(['S_gen', 'I_gen', 'I_out']);
    for (const batch of [1, 2, 5])
      expectClose(evaluateGraph(graph, feeds(batch)), computation.run(feeds(batch)), 2e-5);
  });

  it('has neither batch normalisation nor sums as products left', () => {
    expect(operations(graph)).not.toContain('Sqrt');
    expect(operations(graph)).not.toContain('Identity');
    expect(graph.nodes.filter(({ op }) => op === 'BatchMatMulV2')).toHaveLength(4);
    expect(graph.nodes.length).toBeLessThan(700);
  });

  it('is loaded and run by TF.js on another backend', async () => {
    const path = join(folder, task);
    await writeGraphModel(path, graph, 'fp32');
    for (const batch of [1, 3])
      expectClose(await predict(path, feeds(batch)), computation.run(feeds(batch)), 2e-5);
  });
});

describe('singleNetwork', () => {
  const config = tinyConfig();
  const method = tinyMethod(config);
  for (const network of Object.values(method.networks)) randomiseWeights(network);

  it.each(Object.keys(method.networks))('%s becomes a graph that computes the same', (name) => {
    const computation = singleNetwork(method, name);
    const graph = graphOf(computation);
    const shapes = Object.entries(computation.inputs).map(([input, { shape }]) => [input, shape] as const);
    expect([...graph.outputs.keys()]).toEqual(Object.keys(computation.outputs));
    expectSame(graph, Object.fromEntries(shapes), computation.run, 2e-4);
  });
});

describe('writeGraphModel', () => {
  const bias = tf.tensor1d([0.5, -0.5]);
  const filter = kernel([3, 3, 64, 2]);
  const run = ({ x }: Record<string, Tensor>) => {
    const once = addBias(tf.conv2d(x as Tensor4D, filter, 1, 'same'), bias as Tensor1D);
    const [first, second] = tf.split(leakyRelu(once, 0.2), 2, 3) as [Tensor, Tensor];
    return { first, again: first.clone(), second, all: x.clone() };
  };
  const graph = traceGraph({ x: [4, 4, 64] }, run, { 'layer/kernel': filter });

  it('fuses convolution, bias and rectifier; equal outputs keep their names', async () => {
    await writeGraphModel(join(folder, 'small'), graph, 'fp32');
    const json = modelJson(join(folder, 'small'));
    expect(json.modelTopology.node.map(({ op }) => op).filter((op) => op !== 'Const')).toEqual([
      'Placeholder',
      '_FusedConv2D',
      'SplitV',
      'Identity',
      'Identity',
      'Identity',
      'Identity',
    ]);
    expect(json.weightsManifest[0].weights.map(({ name }) => name)).toContain('layer/kernel');
    const x = uniform([2, 4, 4, 64]);
    expectClose(await predict(join(folder, 'small'), { x }), run({ x }), 1e-5);
  });

  it('keeps the fractions of attributes', async () => {
    const normalise = ({ x }: Record<string, Tensor>) => ({
      y: tf.localResponseNormalization(x as Tensor4D, 2, 0.00005, 1.5, 0.5),
    });
    await writeGraphModel(join(folder, 'response'), traceGraph({ x: [4, 4, 8] }, normalise), 'fp32');
    const x = tf.mul(uniform([2, 4, 4, 8]), 0.01);
    expectClose(await predict(join(folder, 'response'), { x }), normalise({ x }), 1e-5);
  });

  it('takes means over one axis after the other, which keeps more digits', async () => {
    const mean = ({ x }: Record<string, Tensor>) => ({ y: tf.mean(tf.add(x, 10), [1, 2], true) });
    const means = traceGraph({ x: [128, 128, 2] }, mean);
    await writeGraphModel(join(folder, 'means'), means, 'fp32');
    const { node } = modelJson(join(folder, 'means')).modelTopology;
    expect(node.filter(({ op }) => op === 'Mean')).toHaveLength(2);
    expect(node.filter(({ op }) => op === 'Const')).toHaveLength(3);
    const x = uniform([2, 128, 128, 2]);
    const exact = [...(x.arraySync() as number[][][][])].flatMap((image) =>
      [0, 1].map((c) => image.flat().reduce((sum, pixel) => sum + pixel[c], 0) / 128 ** 2 + 10),
    );
    const { y } = await predict(join(folder, 'means'), { x });
    y.dataSync().forEach((value, i) => {
      expect(Math.abs(value - exact[i])).toBeLessThan(5e-6);
    });
  });

  it('stores large weights as half floats where that is wanted, small ones never', async () => {
    await writeGraphModel(join(folder, 'half'), graph, 'fp16');
    const { weights, paths } = modelJson(join(folder, 'half')).weightsManifest[0];
    expect(weights.filter(({ quantization }) => quantization).map(({ name }) => name)).toEqual([
      'layer/kernel',
    ]);
    const bytes = paths.map((path) => statSync(join(folder, 'half', path)).size);
    expect(bytes[0]).toBeLessThan(9 * 64 * 2 * 2 + 100);
    const x = uniform([1, 4, 4, 64]);
    const exact = run({ x });
    const half = await predict(join(folder, 'half'), { x });
    expect(tf.max(tf.abs(tf.sub(half.first, exact.first))).dataSync()[0]).toBeGreaterThan(0);
    expectClose(half, exact, 1e-2);
  });

  it('writes the same bytes again, in pieces of 4 MB', async () => {
    const large = tf.variable(uniform([1200, 1000]));
    const product = traceGraph({ x: [1200] }, ({ x }) => ({ y: tf.matMul(x as never, large as never) }));
    large.dispose();
    const hashes = [];
    for (const name of ['a', 'b']) {
      await writeGraphModel(join(folder, name), product, 'fp32');
      const files = readdirSync(join(folder, name)).sort();
      expect(files).toEqual(['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
      expect(statSync(join(folder, name, files[0])).size).toBe(4 * 2 ** 20);
      const hash = createHash('sha256');
      for (const file of files) hash.update(readFileSync(join(folder, name, file)));
      hashes.push(hash.digest('hex'));
    }
    expect(hashes[0]).toBe(hashes[1]);
  });
});

describe('a GraphModel that the disk does not give', () => {
  it('is named, which TF.js does not', async () => {
    const path = join(folder, 'unreadable');
    mkdirSync(join(path, 'weights'), { recursive: true });
    const weightsManifest = [{ paths: ['weights'], weights: [] }];
    const model = join(path, 'model.json');
    writeFileSync(
      model,
      JSON.stringify({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest }),
    );
    await expect(openGraphModel(model)).rejects.toMatchObject({ code: 'EISDIR', path: model });
  });
});
