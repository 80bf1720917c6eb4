/** Operations that move elements but do not compute with them: shapes, repetition, parts of values. */
import type { GraphNode, GraphShape } from '../../graph.ts';
import { arrange, type Layout, placeOf, sameLayout, straight, usualLayout } from '../layout.ts';
import { type Lowering, unsupported } from '../lowering.ts';
import { attribute, commonLayout, type Operation, type Operations } from './operation.ts';

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

/** What is taken of one dimension; `end` is undefined for all that follows. */
interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly end?: number | undefined;
  readonly step: number;
}

/** ONNX's largest index, which stands for the end. */
const END = Number.MAX_SAFE_INTEGER;

/** Takes ranges of TensorFlow's dimensions from a tensor in a layout. */
export function take(to: Lowering, x: string, layout: readonly number[], ranges: readonly Range[]): string {
  if (ranges.length === 0) return x;
  const backwards = (step: number) => (step < 0 ? -END : END);
  return to.emit('Slice', [
    x,
    to.int64(ranges.map(({ begin }) => begin)),
    to.int64(ranges.map(({ end, step }) => end ?? backwards(step))),
    to.int64(ranges.map(({ axis }) => placeOf(layout, axis))),
    to.int64(ranges.map(({ step }) => step)),
  ]);
}

const slice: Operation = (to, node) => {
  const [input, output] = [node.inputs[0], node.outputs[0]];
  const begins = to.numbers(node, 1);
  const sizes = to.numbers(node, 2);
  const x = to.any(input);
  const ranges = begins.flatMap((begin, axis): Range[] => {
    const whole = begin === 0 && (sizes[axis] === -1 || to.shape(output)[axis] === to.shape(input)[axis]);
    return whole ? [] : [{ axis, begin, end: sizes[axis] === -1 ? undefined : begin + sizes[axis], step: 1 }];
  });
  to.place(output, take(to, x.name, x.layout, ranges), x.layout);
};

const stridedSlice: Operation = (to, node) => {
  const [input, output] = [node.inputs[0], node.outputs[0]];
  const mask = (name: string) => (node.attributes[name] as number | undefined) ?? 0;
  if (mask('new_axis_mask') || mask('ellipsis_mask'))
    throw unsupported(node, 'it uses new axes or an ellipsis');
  const [begins, ends, steps] = [1, 2, 3].map((i) => to.numbers(node, i)) as [number[], number[], number[]];
  const has = (name: string, axis: number) => ((mask(name) >> axis) & 1) === 1;
  const ranges = begins.map((begin, axis): Range => {
    const step = steps[axis];
    if (has('shrink_axis_mask', axis))
      return { axis, begin, end: begin === -1 ? undefined : begin + 1, step: 1 };
    const first = has('begin_mask', axis) ? (step < 0 ? END : 0) : begin;
    return { axis, begin: first, end: has('end_mask', axis) ? undefined : ends[axis], step };
  });
  const x = to.at(input);
  const rank = to.rank(input);
  const taken = take(to, x, straight(rank), ranges);
  const kept = straight(rank).filter((axis) => !has('shrink_axis_mask', axis));
  const sizes = straight(rank).map((axis) =>
    kept.includes(axis) ? to.shape(output)[kept.indexOf(axis)] : 1,
  );
  to.place(output, to.reshape(taken, sizes, to.shape(output)), straight(kept.length));
};

/** Parts of the given sizes along a dimension. */
function splitInto(to: Lowering, node: GraphNode, input: number, axis: number): void {
  const x = to.any(input);
  const place = placeOf(x.layout, axis);
  const sizes = node.outputs.map((id) => {
    const own = axis < 0 ? axis + to.rank(input) : axis;
    return to.size(node, id, own);
  });
  const parts = to.builder.node('Split', [x.name, to.int64(sizes)], { axis: place }, sizes.length);
  node.outputs.forEach((id, i) => {
    to.place(id, parts[i], x.layout);
  });
}

const concat: Operation = (to, node) => {
  const parts = node.inputs.slice(0, -1);
  const [axis] = to.numbers(node, parts.length);
  const layout = commonLayout(to, parts);
  const inputs = parts.map((id) => to.at(id, layout));
  to.place(node.outputs[0], to.emit('Concat', inputs, { axis: placeOf(layout, axis) }), layout);
};

const reverse: Operation = (to, node) => {
  const x = to.any(node.inputs[0]);
  const ranges = to.numbers(node, 1).map((axis) => ({ axis, begin: -1, step: -1 }));
  to.place(node.outputs[0], take(to, x.name, x.layout, ranges), x.layout);
};

const gather: Operation = (to, node) => {
  const [input, indices] = node.inputs;
  if (node.attributes.batch_dims) throw unsupported(node, 'it gathers within batches');
  const [axis] = node.inputs.length > 2 ? to.numbers(node, 2) : [0];
  const output = node.outputs[0];
  // One index a place leaves the rank as it is, and so the layout.
  const x = to.rank(indices) === 1 ? to.any(input) : { name: to.at(input), layout: straight(to.rank(input)) };
  const result = to.emit('Gather', [x.name, to.at(indices)], { axis: placeOf(x.layout, axis) });
  to.place(output, result, to.rank(indices) === 1 ? x.layout : straight(to.rank(output)));
};

export const arrayOperations: Operations = {
  Reshape: reshape,
  Squeeze: reshape,
  ExpandDims: reshape,
  Transpose: transpose,
  Pack: pack,
  Unpack: unpack,
  Tile: tile,
  BroadcastTo: (to, node) => expand(to, node, node.inputs[0]),
  Fill: (to, node) => expand(to, node, node.inputs[1]),

  ConcatV2: concat,
  GatherV2: gather,
  GatherNd: (to, node) => {
    const [input, indices] = node.inputs;
    const places = to.emit('Cast', [to.at(indices)], { to: 7 });
    const output = node.outputs[0];
    to.place(output, to.emit('GatherND', [to.at(input), places]), straight(to.rank(output)));
  },
  ReverseV2: reverse,
  Slice: slice,
  Split: (to, node) => splitInto(to, node, node.inputs[1], to.numbers(node, 0)[0]),
  SplitV: (to, node) => splitInto(to, node, node.inputs[0], to.numbers(node, 2)[0]),
  StridedSlice: stridedSlice,
};
