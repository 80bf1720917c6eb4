import type { GraphNode, ValueId } from '../../graph.ts';
import type { Attributes } from '../builder.ts';
import type { Layout } from '../layout.ts';
import type { Lowering } from '../lowering.ts';

/** Translates one node: takes its inputs from the lowering and places its outputs there. */
export type Operation = (to: Lowering, node: GraphNode) => void;
/** By TensorFlow's name. */
export type Operations = Readonly<Record<string, Operation>>;

/** An operation on each element: its result has the layout of its first input, however that is. */
export function onEach(compute: (x: string, to: Lowering, node: GraphNode) => string): Operation {
  return (to, node) => {
    const x = to.any(node.inputs[0]);
    to.place(node.outputs[0], compute(x.name, to, node), x.layout);
  };
}

/** One ONNX operation on each element. */
export const unary = (op: string, attributes: (node: GraphNode) => Attributes = () => ({})): Operation =>
  onEach((x, to, node) => to.emit(op, [x], attributes(node)));

/** The layout in which values of one rank, and others that are broadcast against them, meet: that of the largest. */
export function commonLayout(to: Lowering, ids: readonly ValueId[]): Layout {
  const rank = Math.max(...ids.map((id) => to.rank(id)));
  const full = ids.filter((id) => to.rank(id) === rank);
  const computed = full.filter((id) => !to.isConstant(id));
  // An open size counts as many: it is that of a batch.
  const count = (id: ValueId) => to.shape(id).reduce<number>((product, size) => product * (size ?? 1000), 1);
  const candidates = computed.length > 0 ? computed : full;
  const largest = candidates.reduce((best, id) => (count(id) > count(best) ? id : best));
  return to.any(largest).layout;
}

/** An operation on each element of several inputs, which are broadcast against each other. */
export function together(compute: (inputs: string[], to: Lowering, node: GraphNode) => string): Operation {
  return (to, node) => {
    const layout = commonLayout(to, node.inputs);
    const isFull = (id: ValueId) => to.rank(id) === layout.length && !to.isConstant(id);
    // A computed input of full rank gives the result its rank, so that constants need no leading ones.
    const short = node.inputs.some(isFull);
    const inputs = node.inputs.map((id) => to.broadcast(id, layout, short));
    to.place(node.outputs[0], compute(inputs, to, node), layout);
  };
}

/** The attribute of a node, which must be there. */
export function attribute<T extends number | boolean | string | readonly number[]>(
  node: GraphNode,
  name: string,
  kind: 'number' | 'boolean' | 'string' | 'object',
): T {
  const value = node.attributes[name];
  if (typeof value !== kind)
    throw new Error(`${node.op}: the attribute ${name} should be a ${kind}, not ${value}`);
  return value as T;
}
