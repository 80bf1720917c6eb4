import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** A graph without the nodes and constants that no output needs. Inputs stay, used or not. */
export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set<ValueId>([...graph.inputs.values(), ...graph.outputs.values()]);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    nodes.push(node);
    for (const id of [...node.inputs, ...node.outputs]) needed.add(id);
  }
  const keep = <T>(map: ReadonlyMap<ValueId, T>) => new Map([...map].filter(([id]) => needed.has(id)));
  return { ...graph, nodes: nodes.reverse(), values: keep(graph.values), constants: keep(graph.constants) };
}
