import { type Attribute, attribute, runOps } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import { isFloatAttribute, typeAttributes } from './attributes.ts';
import { type Graph, type GraphNode, lookUp, type ValueId } from './graph.ts';

/**
 * Computes a graph on the native engine, operation by operation. The caller disposes of the results and keeps the
 * feeds.
 *
 * @param feeds a tensor for every input of the graph, of any batch size.
 */
export function evaluateGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>> = {},
): Record<string, Tensor> {
  const remaining = graph.useCounts();
  return tf.tidy(() => {
    const tensors = new Map<ValueId, Tensor>();
    for (const [name, id] of graph.inputs) {
      const feed = feeds[name];
      if (!feed) throw new Error(`The graph's input ${name} is not given`);
      tensors.set(id, tf.clone(feed));
    }
    for (const [id, { shape, data }] of graph.constants)
      tensors.set(id, tf.tensor(data, [...shape], graph.type(id)));
    for (const node of graph.nodes) {
      const outputs = runNode(
        graph,
        node,
        node.inputs.map((id) => lookUp(tensors, id)),
      );
      for (const [i, id] of node.outputs.entries()) tensors.set(id, outputs[i]);
      for (const id of node.inputs) {
        const left = lookUp(remaining, id) - 1;
        remaining.set(id, left);
        if (left === 0) tensors.get(id)?.dispose();
      }
    }
    // Clones, because several outputs may be one value.
    return Object.fromEntries([...graph.outputs].map(([name, id]) => [name, tf.clone(lookUp(tensors, id))]));
  });
}

function runNode(graph: Graph, node: GraphNode, inputs: Tensor[]): Tensor[] {
  const attributes: Attribute[] = [
    ...Object.entries(typeAttributes(graph, node)).map(([name, type]) => attribute.type(name, type)),
    ...Object.entries(node.attributes).map(([name, value]) => valueAttribute(name, value)),
  ];
  return runOps(node.op, attributes, inputs, node.outputs.length);
}

function valueAttribute(name: string, value: GraphNode['attributes'][string]): Attribute {
  if (typeof value === 'boolean') return attribute.bool(name, value);
  if (typeof value === 'string') return attribute.string(name, value);
  if (typeof value === 'number')
    return isFloatAttribute(name) ? attribute.float(name, value) : attribute.int(name, value);
  return attribute.int(name, [...value]);
}
