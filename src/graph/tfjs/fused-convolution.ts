import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** A node of which some are several operations in one, then named in `fused`. */
export type FusedNode = GraphNode & { readonly fused?: readonly string[] };

/** Rectifiers that TF.js computes within a convolution. */
const ACTIVATIONS = new Set(['Relu', 'LeakyRelu']);

/**
 * The nodes of a graph with each convolution, its bias and the rectifier that follows as one `_FusedConv2D`, which
 * every backend of TF.js has: two passes over the data less.
 */
export function fusedConvolutions(graph: Graph): FusedNode[] {
  const consumers = new Map<ValueId, GraphNode[]>();
  for (const node of graph.nodes)
    for (const id of node.inputs) consumers.set(id, [...(consumers.get(id) ?? []), node]);
  const results = new Set(graph.outputs.values());
  /** The one node that uses a value. */
  const only = (id: ValueId): GraphNode | undefined => {
    const using = consumers.get(id) ?? [];
    return using.length === 1 && !results.has(id) ? using[0] : undefined;
  };
  const absorbed = new Set<GraphNode>();
  const fused = graph.nodes.map((node): FusedNode => {
    const bias = node.op === 'Conv2D' ? only(node.outputs[0]) : undefined;
    if (bias?.op !== 'BiasAdd' || bias.inputs[0] !== node.outputs[0]) return node;
    absorbed.add(bias);
    const next = only(bias.outputs[0]);
    const activation = next && ACTIVATIONS.has(next.op) ? next : undefined;
    if (activation) absorbed.add(activation);
    const { alpha } = activation?.attributes ?? {};
    return {
      op: '_FusedConv2D',
      attributes: { ...node.attributes, num_args: 1, ...(alpha !== undefined && { leakyrelu_alpha: alpha }) },
      inputs: [...node.inputs, bias.inputs[1]],
      outputs: (activation ?? bias).outputs,
      fused: ['BiasAdd', ...(activation ? [activation.op] : [])],
    };
  });
  return fused.filter((_, i) => !absorbed.has(graph.nodes[i]));
}
