import { type Attribute, attribute, runOps } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import { typeAttributes } from './attributes.ts';
import type { Graph, GraphConstant, GraphNode, GraphType, ValueId } from './graph.ts';

/** Attributes whose values are numbers with a fraction; TensorFlow tells them from whole ones. */
const FLOATS = new Set(['alpha', 'beta', 'bias', 'epsilon']);

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
  const remaining = countUses(graph);
  return tf.tidy(() => {
    const tensors = new Map<ValueId, Tensor>();
    for (const [name, id] of graph.inputs) {
      const feed = feeds[name];
      if (!feed) throw new Error(`The graph's input ${name} is not given`);
      tensors.set(id, tf.clone(feed));
    }
    for (const [id, constant] of graph.constants) tensors.set(id, constantTensor(graph, id, constant));
    for (const node of graph.nodes) {
      const outputs = runNode(
        graph,
        node,
        node.inputs.map((id) => tensors.get(id)!),
      );
      node.outputs.forEach((id, i) => void tensors.set(id, outputs[i]));
      for (const id of node.inputs) {
        remaining.set(id, remaining.get(id)! - 1);
        if (remaining.get(id) === 0) tensors.get(id)!.dispose();
      }
    }
    // One value may be several outputs.
    return Object.fromEntries([...graph.outputs].map(([name, id]) => [name, tf.clone(tensors.get(id)!)]));
  });
}

/** How many nodes take a value, plus one for every output that it is. */
function countUses({ nodes, outputs }: Graph): Map<ValueId, number> {
  const uses = new Map<ValueId, number>();
  const all = [...nodes.flatMap(({ inputs }) => inputs), ...outputs.values()];
  for (const id of all) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

function constantTensor(graph: Graph, id: ValueId, { shape, data }: GraphConstant): Tensor {
  return tf.tensor(data, [...shape], graph.values.get(id)!.type);
}

function runNode({ values }: Graph, node: GraphNode, inputs: Tensor[]): Tensor[] {
  const types = (ids: readonly ValueId[]): GraphType[] => ids.map((id) => values.get(id)!.type);
  const attributes: Attribute[] = [
    ...Object.entries(typeAttributes(node, types(node.inputs), types(node.outputs))).map(([name, type]) =>
      attribute.type(name, type),
    ),
    ...Object.entries(node.attributes).map(([name, value]) => valueAttribute(name, value)),
  ];
  return runOps(node.op, attributes, inputs, node.outputs.length);
}

function valueAttribute(name: string, value: GraphNode['attributes'][string]): Attribute {
  if (typeof value === 'boolean') return attribute.bool(name, value);
  if (typeof value === 'string') return attribute.string(name, value);
  if (typeof value === 'number')
    return FLOATS.has(name) ? attribute.float(name, value) : attribute.int(name, value);
  return attribute.int(name, [...value]);
}
