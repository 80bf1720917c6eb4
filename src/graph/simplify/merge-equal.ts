/** Equal things stored and computed once. */
import { createHash } from 'node:crypto';
import type { Graph, ValueId } from '../graph.ts';
import { removeDeadCode } from './dead-code.ts';
import { rewrite } from './rewrite.ts';

/** Stores constants of equal type, shape and data once, under the first one's name. */
export function mergeConstants(graph: Graph): Graph {
  const first = new Map<string, ValueId>();
  const merged = new Map<ValueId, ValueId>();
  for (const [id, { shape, data }] of graph.constants) {
    const hash = createHash('sha256').update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const key = `${graph.values.get(id)!.type} [${shape}] ${hash.digest('hex')}`;
    merged.set(id, first.get(key) ?? id);
    if (!first.has(key)) first.set(key, id);
  }
  const replace = (id: ValueId) => merged.get(id) ?? id;
  return removeDeadCode({
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(replace) })),
    outputs: new Map([...graph.outputs].map(([name, id]) => [name, replace(id)])),
  });
}

/** Computes once what is computed twice from the same values. */
export function mergeNodes(graph: Graph): Graph {
  const done = new Map<string, readonly ValueId[]>();
  return removeDeadCode(
    rewrite(graph, ({ op, attributes, inputs, outputs }) => {
      const key = JSON.stringify([op, attributes, inputs]);
      const same = done.get(key);
      if (!same) done.set(key, outputs);
      return same;
    }),
  );
}
