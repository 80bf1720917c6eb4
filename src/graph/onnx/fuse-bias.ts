import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** Makes a bias that is added to a convolution's result, and to nothing else, the convolution's third input. */
export function fuseBias(graph: Graph): Graph {
  const uses = new Map<ValueId, number>();
  for (const id of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
    uses.set(id, (uses.get(id) ?? 0) + 1);
  const convolutions = new Map<ValueId, GraphNode>();
  const nodes = graph.nodes.map((node) => {
    if (node.op === 'Conv2D') convolutions.set(node.outputs[0], node);
    const [sum, bias] = node.inputs as [ValueId, ValueId];
    const convolution = convolutions.get(sum);
    if (node.op !== 'BiasAdd' || !convolution || uses.get(sum) !== 1) return node;
    return { ...convolution, inputs: [...convolution.inputs, bias], outputs: node.outputs };
  });
  return { ...graph, nodes };
}
