import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** The layer whose weights a node takes, or what is computed from them: `G64/conv1` for weights `G64/conv1/kernel`. */
export function layersOf({ constants, nodes }: Graph): Map<GraphNode, string> {
  const layerOfWeights = new Map<ValueId, string>();
  for (const [id, { name = '' }] of constants) layerOfWeights.set(id, name.replace(/\/?[^/]*$/, ''));
  const layers = new Map<GraphNode, string>();
  for (const node of nodes) {
    const layer = node.inputs.map((id) => layerOfWeights.get(id)).find(Boolean) ?? '';
    layers.set(node, layer);
    if (node.inputs.every((id) => layerOfWeights.has(id)))
      for (const id of node.outputs) layerOfWeights.set(id, layer);
  }
  return layers;
}
