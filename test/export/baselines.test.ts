import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { openOnnx } from '../../src/graph/onnx/session.ts';
import { writeOnnx } from '../../src/graph/onnx/write.ts';
import { simplify } from '../../src/graph/simplify/simplify.ts';
import { traceGraph } from '../../src/graph/trace.ts';
import { buildGenerator as buildDeepFill } from '../../src/models/deepfill/generator.ts';
import { buildNetwork } from '../../src/models/pconv/network.ts';
import { buildGenerator as buildPix2Pix } from '../../src/models/pix2pix/generator.ts';
import { buildGenerator as buildScFegan } from '../../src/models/scfegan/generator.ts';
import { drawWeights } from '../../src/nn/initial-weights.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { type LayersModel, type Tensor, tf } from '../../src/ops/tf.ts';
import { stream } from '../../src/runtime/seed.ts';

const SIZE = 64;

/** Networks of little width, and how each is called where it is used. */
const networks: [string, LayersModel, object][] = [
  [
    'pix2pix, each image by its own statistics',
    buildPix2Pix({
      name: 'A',
      variant: 'pytorch',
      channels: 5,
      outputs: 3,
      width: 3,
      depth: 6,
      dropout: true,
    }),
    { ownStatistics: true },
  ],
  [
    'pix2pix in Lua’s form, by running statistics',
    buildPix2Pix({ name: 'B', variant: 'lua', channels: 1, outputs: 3, width: 3, depth: 5, dropout: true }),
    {},
  ],
  [
    'partial convolutions',
    buildNetwork({ name: 'C', variant: 'nvidia', depth: 5, width: 3, sketch: true }),
    {},
  ],
  ['DeepFillv2', buildDeepFill({ name: 'D', width: 8, guided: true }), {}],
  ['SC-FEGAN', buildScFegan({ name: 'E', channels: 9, width: 3 }), {}],
];

/** A square hole, or what is valid around it. */
function mask(count: number, inside: number): Tensor {
  const values = Float32Array.from({ length: count * SIZE ** 2 }, (_, i) => {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE) % SIZE];
    return x > 20 && x < 40 && y > 16 && y < 48 ? inside : 1 - inside;
  });
  return tf.tensor(values, [count, SIZE, SIZE, 1]);
}

describe.each(networks)('%s', (_, network, kwargs) => {
  drawWeights(network, 1, 'kaiming');
  // Gates and normalisations make small numbers of small weights; these leave something to compare.
  for (const [name, weight] of Object.entries(namedWeights(network)))
    if (name.endsWith('kernel')) tf.tidy(() => void weight.assign(tf.mul(weight, 1.5) as never));
  const samples = Object.fromEntries(
    network.inputs.map(({ name, shape }) => [name, [SIZE, SIZE, shape[3] ?? 1]]),
  );
  const run = (tensors: Record<string, Tensor>) => {
    const inputs = network.inputs.map(({ name }) => tensors[name]);
    const outputs = [network.apply(inputs.length === 1 ? inputs[0] : inputs, kwargs)].flat() as Tensor[];
    return Object.fromEntries(outputs.map((output, index) => [`y${index}`, output]));
  };
  const feeds = (count: number) => {
    const random = stream(1, 'feeds', count);
    return Object.fromEntries(
      Object.entries(samples).map(([name, shape]) => {
        if (name.endsWith('valid')) return [name, mask(count, 0)];
        if (name.endsWith('hole')) return [name, mask(count, 1)];
        const size = shape.reduce((product, side) => product * side, count);
        const values = Float32Array.from({ length: size }, () => random.uniform(-1, 1));
        return [name, tf.tensor(values, [count, ...shape])];
      }),
    );
  };

  it('is the same as a graph and as an ONNX model, whatever the batch', async () => {
    const graph = simplify(traceGraph(samples, run));
    const session = await openOnnx(
      writeOnnx(graph, {
        name: network.name,
        precision: 'fp32',
        producer: { name: 'test', version: '0' },
        description: '',
      }),
    );
    for (const count of [1, 3]) {
      const inputs = feeds(count);
      const expected = run(inputs);
      const values = Object.entries(inputs).map(([name, tensor]) => [
        name,
        { shape: tensor.shape, data: tensor.dataSync() as Float32Array },
      ]);
      const [native, onnx] = [evaluateGraph(graph, inputs), await session.run(Object.fromEntries(values))];
      for (const [name, tensor] of Object.entries(expected)) {
        const wanted = tensor.dataSync() as Float32Array;
        const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        expect(largest).toBeGreaterThan(1e-3);
        for (const made of [native[name].dataSync(), onnx[name].data]) {
          const error = wanted.reduce((max, value, i) => Math.max(max, Math.abs(value - made[i])), 0);
          expect(error / largest).toBeLessThan(1e-3);
        }
      }
    }
    await session.release();
  });
});
