import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Graph } from '../../../src/graph/graph.ts';
import { openOnnx, type Values } from '../../../src/graph/onnx/session.ts';
import { type OnnxOptions, writeOnnx } from '../../../src/graph/onnx/write.ts';
import { traceGraph } from '../../../src/graph/trace.ts';
import { type Tensor, tf } from '../../../src/ops/tf.ts';
import { stream } from '../../../src/runtime/seed.ts';

const options: OnnxOptions = {
  name: 'test',
  precision: 'fp32',
  producer: { name: 'test', version: '1' },
  description: 'A model of a test.',
};

/** A computation, and the shape of one sample of each of its inputs. */
export interface Computation {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly run: (inputs: Record<string, Tensor>) => Tensor | Record<string, Tensor>;
  /** Where it cannot be traced. */
  readonly graph?: Graph;
  /** What a batch of an input is; random numbers where not given. */
  readonly feed?: (input: string, shape: readonly number[]) => Values;
}

const named = (results: Tensor | Record<string, Tensor>): Record<string, Tensor> =>
  results instanceof tf.Tensor ? { y: results } : results;

export const graphOf = ({ inputs, run, graph }: Computation): Graph =>
  graph ?? traceGraph(inputs, (tensors) => named(run(tensors)));

/** Numbers in [low, high), the same for the same shape. */
export function randomValues(shape: readonly number[], low = -2, high = 2): Values {
  const random = stream(1, 'values', String(shape));
  const size = shape.reduce((product, side) => product * side, 1);
  return { shape, data: Float32Array.from({ length: size }, () => random.uniform(low, high)) };
}

/** The largest difference of a model's outputs from TensorFlow's, for a batch; infinite where shapes differ. */
export async function largestDifference(
  { inputs, run, feed = (_, shape) => randomValues(shape) }: Computation,
  model: Uint8Array | string,
  batch: number,
): Promise<number> {
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, sample]) => [name, feed(name, [batch, ...sample])]),
  );
  const session = await openOnnx(model);
  try {
    const results = await session.run(feeds);
    return tf.tidy(() => {
      const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        tf.tensor(data, [...shape]),
      ]);
      const differences = Object.entries(named(run(Object.fromEntries(tensors)))).map(([name, expected]) =>
        difference(expected, results[name]),
      );
      return Math.max(...differences);
    });
  } finally {
    await session.release();
  }
}

function difference(expected: Tensor, { shape, data }: Values): number {
  if (String(expected.shape) !== String(shape)) return Number.POSITIVE_INFINITY;
  const values = expected.dataSync();
  return data.reduce((most, value, i) => Math.max(most, Math.abs(Number(value) - values[i])), 0);
}

/** A Python with the onnx package, or undefined. */
export const python = [
  process.env.DPS_TEST_PYTHON,
  fileURLToPath(new URL('../../../.deps/test-python/bin/python', import.meta.url)),
].find((path) => path !== undefined && existsSync(path));

export const noPython = 'no Python with onnx: run `node scripts/test-python.mjs`, or set DPS_TEST_PYTHON';

/** Checks model files by ONNX's own checker, with strict shape inference; throws with its message. */
export async function checkModels(paths: readonly string[]): Promise<void> {
  const program = [
    'import sys, onnx',
    'for path in sys.argv[1:]:',
    '    onnx.checker.check_model(path, full_check=True)',
    '    model = onnx.load(path)',
    '    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)',
    '    known = {value.name for value in inferred.graph.value_info}',
    '    ends = {value.name for value in inferred.graph.output}',
    '    made = {name for node in inferred.graph.node for name in node.output}',
    '    assert not made - known - ends, f"{path}: no shape for {made - known - ends}"',
  ];
  await promisify(execFile)(python!, ['-c', program.join('\n'), ...paths]);
}

/** {@link writeOnnx} with the options of tests. */
export const write = (graph: Graph, more: Partial<OnnxOptions> = {}): Uint8Array =>
  writeOnnx(graph, { ...options, ...more });
