import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** Makes a bias that is added to a convolution's result, and to nothing else, the convolution's third input. */
export function fuseBias(graph: Graph): Graph {
  const uses = new Map<ValueId, number>();
  for (const id of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
    uses.set(id, (uses.get(id) ?? 0) + 1);
  const convolutions = new Map<ValueId, GraphNode>();
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const [x, bias] = node.inputs as [ValueId, ValueId?];
    const convolution = convolutions.get(x);
    if (convolution && node.op === 'BiasAdd' && uses.get(x) === 1) {
      const fused = { ...convolution, inputs: [...convolution.inputs, bias!], outputs: node.outputs };
      nodes.push(fused);
      continue;
    }
    if (node.op === 'Conv2D') convolutions.set(node.outputs[0]!, node);
    nodes.push(node);
  }
  return { ...graph, nodes };
}
