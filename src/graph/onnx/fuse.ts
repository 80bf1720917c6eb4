import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { fuseBias } from './fuse-bias.ts';
import { fuseInstanceNorm } from './fuse-instance-norm.ts';

/** A graph with what ONNX has one operation for as one operation. */
export const fuse = (graph: Graph): Graph => removeUnused(fuseInstanceNorm(fuseBias(graph)));

/** Leaves out the nodes that no output needs. */
function removeUnused(graph: Graph): Graph {
  const needed = new Set<ValueId>(graph.outputs.values());
  const nodes: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    for (const id of node.inputs) needed.add(id);
    nodes.push(node);
  }
  return { ...graph, nodes: nodes.reverse() };
}
