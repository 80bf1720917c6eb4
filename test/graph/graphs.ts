import { expect } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { traceGraph } from '../../src/graph/trace.ts';
import { type LayersModel, type Tensor, type Tensor4D, tf, type Variable } from '../../src/ops/tf.ts';
import { plainly } from '../../src/ops/tuning.ts';
import { stream } from '../../src/runtime/seed.ts';
import { maxDifference } from '../finite-differences.ts';

/** The operations of a graph in their order. */
export const operations = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

/** Values in [-1, 1), always the same for a name. */
export function uniform(shape: readonly number[], name = 'graph'): Tensor {
  const random = stream(1, name);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.uniform(-1, 1)),
    [...shape],
  );
}

export const kernel = (shape: [number, number, number, number], name = 'kernel'): Tensor4D =>
  uniform(shape, name) as Tensor4D;

/**
 * Gives every weight a random value, statistics and scales too: at their initial values they would do nothing.
 *
 * @param kernels whether kernels too; those of a whole method are so initialised that nothing saturates.
 */
export function randomiseWeights(network: LayersModel, kernels = false): void {
  tf.tidy(() => {
    for (const weight of network.weights) {
      if (weight.originalName.endsWith('kernel') && !kernels) continue;
      const value = uniform(weight.shape as number[], weight.originalName);
      const positive = /Variance$|gamma$/.test(weight.originalName);
      (weight.read() as Variable).assign((positive ? tf.add(value, 1.5) : tf.mul(value, 0.3)) as Variable);
    }
  });
}

/** Expects two ways to compute named tensors to agree, and disposes of them. */
export function expectClose(
  actual: Record<string, Tensor>,
  expected: Record<string, Tensor>,
  tolerance: number,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    expect(actual[name].shape, name).toEqual(tensor.shape);
    expect(maxDifference(actual[name], tensor), name).toBeLessThanOrEqual(tolerance);
  }
  tf.dispose([actual, expected]);
}

/**
 * Expects a graph to compute what `run` does with the plain forms of its operations, as a graph has them, for several
 * batch sizes of inputs of these sample shapes.
 */
export function expectSame(
  graph: Graph,
  inputs: Record<string, readonly number[]>,
  run: (tensors: Record<string, Tensor>) => Record<string, Tensor>,
  tolerance: number,
): void {
  for (const batch of [1, 2, 5]) {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, shape]) => [name, uniform([batch, ...shape], name)]),
    );
    expectClose(
      evaluateGraph(graph, feeds),
      plainly(() => run(feeds)),
      tolerance,
    );
    tf.dispose(feeds);
  }
}

/** Traces y = run(x), applies passes, expects the same results and gives the graph. */
export function simplified(
  shape: readonly number[],
  run: (x: Tensor) => Tensor,
  passes: ((graph: Graph) => Graph)[],
  tolerance = 0,
): Graph {
  const named = ({ x }: Record<string, Tensor>) => ({ y: run(x) });
  const graph = passes.reduce((current, pass) => pass(current), traceGraph({ x: shape }, named));
  expectSame(graph, { x: shape }, named, tolerance);
  return graph;
}

export const stored = (graph: Graph): number[][] =>
  [...graph.constants.values()].map(({ shape }) => [...shape]);

/** Numbers in the constants of rank 4. */
export const elements = (graph: Graph): number =>
  stored(graph)
    .filter(({ length }) => length === 4)
    .reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 1), 0);

/** A network of layers in a row. */
export function network(
  inputShape: number[],
  layers: ConstructorParameters<typeof Object>[0][],
): LayersModel {
  const x = tf.input({ shape: inputShape });
  let y = x;
  for (const layer of layers) y = layer.apply(y);
  const model = tf.model({ inputs: x, outputs: y });
  randomiseWeights(model, true);
  return model;
}
