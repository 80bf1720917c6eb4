/** Operations that change a value's shape or repeat it. */
import type { GraphNode, GraphShape } from '../../graph.ts';
import { arrange, type Layout, sameLayout, straight, usualLayout } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { attribute, type Operation, type Operations } from './operation.ts';

/** The dimensions of more than one element, in the order of a layout, each by its place among such dimensions. */
function longDimensions(layout: Layout, shape: GraphShape): number[] {
  const long = straight(shape.length).filter((axis) => shape[axis] !== 1);
  return layout.filter((axis) => shape[axis] !== 1).map((axis) => long.indexOf(axis));
}

/** Reshape, and all that is one: where only dimensions of size 1 come or go, nothing is transposed. */
const reshape: Operation = (to, node) => {
  const [input, output] = [node.inputs[0], node.outputs[0]];
  const [before, after] = [to.shape(input), to.shape(output)];
  const long = (shape: GraphShape) => shape.filter((size) => size !== 1);
  if (String(long(before)) === String(long(after))) {
    const x = to.any(input);
    const order = longDimensions(x.layout, before);
    const layout = [usualLayout(after.length), straight(after.length)].find((candidate) =>
      sameLayout(longDimensions(candidate, after), order),
    );
    if (layout) {
      const result = to.reshape(x.name, arrange(x.layout, before), arrange(layout, after));
      to.place(output, result, layout);
      return;
    }
  }
  to.place(output, to.reshape(to.at(input), before, after), straight(after.length));
};

const transpose: Operation = (to, node) => {
  const axes = to.numbers(node, 1);
  const x = to.any(node.inputs[0]);
  const layout = x.layout.map((axis) => axes.indexOf(axis));
  to.place(node.outputs[0], x.name, layout);
};

const pack: Operation = (to, node) => {
  const output = node.outputs[0];
  const rank = to.rank(output);
  const axis = positive(attribute<number>(node, 'axis', 'number'), rank);
  const parts = node.inputs.map((id) => {
    const shape = to.shape(id);
    return to.reshape(to.at(id), shape, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
  });
  to.place(output, to.emit('Concat', parts, { axis }), straight(rank));
};

const unpack: Operation = (to, node) => {
  const input = node.inputs[0];
  const shape = to.shape(input);
  const axis = positive(attribute<number>(node, 'axis', 'number'), shape.length);
  const sizes = to.int64(node.outputs.map(() => 1));
  const parts = to.builder.node('Split', [to.at(input), sizes], { axis }, node.outputs.length);
  const part = shape.map((size, i) => (i === axis ? 1 : size));
  node.outputs.forEach((id, i) => {
    to.place(id, to.reshape(parts[i], part, to.shape(id)), straight(shape.length - 1));
  });
};

const positive = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** A value repeated up to the shape of the result. */
function expand(to: Lowering, node: GraphNode, input: number): void {
  const output = node.outputs[0];
  const layout = usualLayout(to.rank(output));
  const shape = to.sizes(arrange(layout, to.shape(output)));
  to.place(output, to.emit('Expand', [to.broadcast(input, layout), shape]), layout);
}

const tile: Operation = (to, node) => {
  const x = to.any(node.inputs[0]);
  const shape = to.shape(node.inputs[0]);
  const repeats = to.numbers(node, 1);
  if (repeats.every((count, axis) => count === 1 || shape[axis] === 1))
    return expand(to, node, node.inputs[0]);
  const result = to.emit('Tile', [x.name, to.int64(arrange(x.layout, repeats))]);
  to.place(node.outputs[0], result, x.layout);
};

export const shapes: Operations = {
  Reshape: reshape,
  Squeeze: reshape,
  ExpandDims: reshape,
  Transpose: transpose,
  Pack: pack,
  Unpack: unpack,
  Tile: tile,
  BroadcastTo: (to, node) => expand(to, node, node.inputs[0]),
  Fill: (to, node) => expand(to, node, node.inputs[1]),
};
