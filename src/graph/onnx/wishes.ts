import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { type Layout, OIHW } from './layout.ts';

/** Operations whose results have another order of elements than their inputs, or none that corresponds. */
const REORDERING = new Set(['Reshape', 'Squeeze', 'ExpandDims', 'Transpose', 'Pack', 'Unpack', 'Conv2D']);

/** Which input of an operation is a convolution's filter. */
const FILTERS: Readonly<Record<string, number>> = { Conv2D: 1, Conv2DBackpropInput: 1 };

/**
 * The layouts in which values of rank 4 are wanted where that is not the usual one: filters, and what they are
 * computed from, are OIHW, so that no transposes are left among weights.
 */
export function wishedLayouts({ nodes, values }: Graph): Map<ValueId, Layout> {
  const wishes = new Map<ValueId, Layout>();
  for (const node of [...nodes].reverse()) {
    const filter = FILTERS[node.op];
    if (filter !== undefined) wishes.set(node.inputs[filter], OIHW);
    const wish = wishOfOutputs(node, wishes);
    if (!wish || REORDERING.has(node.op)) continue;
    for (const id of node.inputs)
      if (values.get(id)!.shape.length === 4 && !wishes.has(id)) wishes.set(id, wish);
  }
  return wishes;
}

const wishOfOutputs = (node: GraphNode, wishes: ReadonlyMap<ValueId, Layout>): Layout | undefined =>
  node.outputs.map((id) => wishes.get(id)).find((wish) => wish !== undefined);
