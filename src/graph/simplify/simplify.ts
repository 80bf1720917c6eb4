import { createHash } from 'node:crypto';
import type { Graph, ValueId } from '../graph.ts';
import { foldBatchNorms } from './fold-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { flattenMatrixProducts, recogniseChannelMeans, removeIdentities } from './peephole.ts';
import { rewrite } from './rewrite.ts';
import { reduceUpsampling } from './upsampling.ts';

/** Each gives a graph that computes the same up to rounding. */
const passes: readonly ((graph: Graph) => Graph)[] = [
  removeIdentities,
  foldConstants,
  recogniseChannelMeans,
  flattenMatrixProducts,
  foldBatchNorms,
  mergeNodes,
];

/**
 * A smaller and faster graph of the same inputs and outputs: the passes above, again and again while they find
 * something to remove.
 */
export function simplify(graph: Graph): Graph {
  let current = graph.withoutDeadCode();
  let size: number;
  do {
    size = current.nodes.length;
    for (const pass of passes) current = pass(current);
  } while (current.nodes.length < size);
  return mergeNodes(mergeConstants(reduceUpsampling(current)));
}

/** Stores constants of equal type, shape and data once, under the first one's name. */
export function mergeConstants(graph: Graph): Graph {
  const first = new Map<string, ValueId>();
  const merged = new Map<ValueId, ValueId>();
  for (const [id, { shape, data }] of graph.constants) {
    const hash = createHash('sha256').update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const key = `${graph.type(id)} [${shape}] ${hash.digest('hex')}`;
    merged.set(id, first.get(key) ?? id);
    if (!first.has(key)) first.set(key, id);
  }
  const replace = (id: ValueId) => merged.get(id) ?? id;
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(replace) }));
  const outputs = new Map([...graph.outputs].map(([name, id]) => [name, replace(id)]));
  return graph.with({ nodes, outputs }).withoutDeadCode();
}

/** Computes once what is computed twice from the same values. */
export function mergeNodes(graph: Graph): Graph {
  const done = new Map<string, readonly ValueId[]>();
  return rewrite(graph, ({ op, attributes, inputs, outputs }) => {
    const key = JSON.stringify([op, attributes, inputs]);
    const same = done.get(key);
    if (!same) done.set(key, outputs);
    return same;
  });
}
