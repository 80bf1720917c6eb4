/** Operations that reduce dimensions to one value. */
import type { GraphNode } from '../../graph.ts';
import { placeOf, withoutAxes } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { DATA_TYPES } from '../protobuf.ts';
import type { Operation, Operations } from './operation.ts';

const reduction =
  (op: string): Operation =>
  (to, node) => {
    const axes = axesOf(to, node);
    const x = to.any(node.inputs[0]);
    const places = axes.map((axis) => placeOf(x.layout, axis)).sort((a, b) => a - b);
    const keep = node.attributes.keep_dims === true;
    const result = to.emit(op, [x.name, to.int64(places)], { keepdims: keep ? 1 : 0 });
    to.place(node.outputs[0], result, keep ? x.layout : withoutAxes(x.layout, axes));
  };

/** The reduced dimensions, counted from the first. */
function axesOf(to: Lowering, node: GraphNode): number[] {
  const rank = to.rank(node.inputs[0]);
  return to.numbers(node, 1).map((axis) => (axis < 0 ? axis + rank : axis));
}

const position =
  (op: string): Operation =>
  (to, node) => {
    const [axis] = axesOf(to, node) as [number];
    const x = to.any(node.inputs[0]);
    const found = to.emit(op, [x.name], { axis: placeOf(x.layout, axis), keepdims: 0 });
    const result = to.emit('Cast', [found], { to: DATA_TYPES.int32 });
    to.place(node.outputs[0], result, withoutAxes(x.layout, [axis]));
  };

export const reductions: Operations = {
  ArgMax: position('ArgMax'),
  ArgMin: position('ArgMin'),
  Max: reduction('ReduceMax'),
  Mean: reduction('ReduceMean'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Sum: reduction('ReduceSum'),
};
