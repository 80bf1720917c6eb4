/** The graph of a computation, found by running it: networks and predictors need no description of their own. */

import { type Tensor, tf } from '../ops/tf.ts';
import { plainly } from '../ops/tuning.ts';
import { stream } from '../runtime/seed.ts';
import {
  Graph,
  type GraphConstant,
  type GraphNode,
  type GraphShape,
  type GraphValue,
  lookUp,
  type ValueId,
} from './graph.ts';
import { type Recording, record } from './record.ts';

/** A dimension that differs between these two runs is the batch's. */
const BATCHES = [2, 3] as const;

/**
 * Runs a computation with two batch sizes and gives its operations as a graph in which the batch size is open. Every
 * value that does not depend on the inputs is a constant or computed from constants.
 *
 * @param inputs shape of one sample by input name, without the batch; all are float32.
 * @param run the computation of a batch. It must not read its tensors' values; what it leaves is disposed of.
 * @param weights names of the tensors that are weights, for the constants' names.
 * @param batch makes a graph of this batch size alone, for which the computation runs only once.
 * @throws Error when the computation depends on the batch size in a way that a graph cannot express.
 */
export function traceGraph(
  inputs: Readonly<Record<string, readonly number[]>>,
  run: (tensors: Record<string, Tensor>) => Record<string, Tensor>,
  weights: Readonly<Record<string, Tensor>> = {},
  batch?: number,
): Graph {
  const names = new Map(Object.entries(weights).map(([name, { dataId }]) => [dataId, name]));
  const recordBatch = (size: number): Recording => {
    const tensors = randomInputs(inputs, size);
    try {
      // The faster forms of operations on this machine depend on the batch size and are unknown elsewhere.
      return plainly(() => record(tensors, () => run(tensors), names));
    } finally {
      tf.dispose(tensors);
    }
  };
  const first = recordBatch(batch ?? BATCHES[0]);
  return merge(first, batch === undefined ? recordBatch(BATCHES[1]) : first);
}

function randomInputs(
  shapes: Readonly<Record<string, readonly number[]>>,
  batch: number,
): Record<string, Tensor> {
  const random = stream(1, 'trace');
  const tensors = Object.entries(shapes).map(([name, sample]) => {
    const size = sample.reduce((product, side) => product * side, batch);
    const values = Float32Array.from({ length: size }, () => random.uniform(0, 1));
    return [name, tf.tensor(values, [batch, ...sample])] as const;
  });
  return Object.fromEntries(tensors);
}

/** One graph from two recordings of a computation with different batch sizes. */
function merge(first: Recording, second: Recording): Graph {
  requireSameOperations(first.nodes, second.nodes);
  const values = new Map<ValueId, GraphValue>();
  for (const [id, { type, shape }] of first.values) {
    if (type === 'resource') throw new Error('Cannot export a computation that uses variables of TensorFlow');
    values.set(id, { type, shape: openShape(shape, lookUp(second.values, id).shape) });
  }
  const constants = new Map<ValueId, GraphConstant>();
  for (const [id, constant] of first.constants) {
    const { tensor, ...stored } = constant;
    const other = lookUp(second.constants, id);
    if (tensor === other.tensor || sameData(constant, other)) constants.set(id, stored);
    else constants.set(id, { ...stored, data: openConstant(id, first, second) });
  }
  const nodes = first.nodes.map(({ given: _, ...node }) => node);
  const { inputs, outputs } = first;
  return new Graph({ values, constants, nodes, inputs, outputs });
}

function requireSameOperations(first: readonly GraphNode[], second: readonly GraphNode[]): void {
  const length = Math.max(first.length, second.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [JSON.stringify(first[i]), JSON.stringify(second[i])];
    if (a !== b) throw new Error(`The computation depends on the batch size: operation ${i} is ${a} or ${b}`);
  }
}

function openShape(first: readonly number[], second: readonly number[]): GraphShape {
  return first.map((size, axis) => {
    if (size === second[axis]) return size;
    if (size === BATCHES[0] && second[axis] === BATCHES[1]) return null;
    throw new Error(`The batch size is mixed with others: a value has shape [${first}] or [${second}]`);
  });
}

function sameData(a: GraphConstant, b: GraphConstant): boolean {
  return a.data.length === b.data.length && a.data.every((value, i) => Object.is(value, b.data[i]));
}

/** A constant that contains the batch size, with -1 in its place. */
function openConstant(id: ValueId, first: Recording, second: Recording): Int32Array {
  const a = lookUp(first.constants, id).data;
  const b = lookUp(second.constants, id).data;
  const differing = [...a.keys()].filter((i) => a[i] !== b[i]);
  const openIn = ({ op, inputs }: GraphNode): boolean => {
    const place = inputs.indexOf(id);
    if (a.length !== b.length || differing.length !== 1 || place !== inputs.lastIndexOf(id)) return false;
    if (op === 'Reshape' && place === 1) return !a.includes(-1);
    // A slice that takes the whole batch: from 0 on, as many as there are.
    return op === 'Slice' && place === 2 && first.constants.get(inputs[1])?.data[differing[0]] === 0;
  };
  const uses = first.nodes.filter(({ inputs }) => inputs.includes(id));
  const wrong = uses.find((node) => !openIn(node));
  if (wrong || !(a instanceof Int32Array))
    throw new Error(
      `A constant depends on the batch size: [${a.slice(0, 8)}] or [${b.slice(0, 8)}], used by ${uses.map(({ op }) => op)}`,
    );
  return a.map((value, i) => (i === differing[0] ? -1 : value));
}
