import type { Graph, ValueId } from '../graph.ts';

/**
 * In which order a tensor's dimensions stand in the ONNX graph. Place i of the ONNX tensor holds dimension `layout[i]`
 * of TensorFlow's: [0, 3, 1, 2] is NCHW for a value that TensorFlow has as NHWC.
 */
export type Layout = readonly number[];

/** Images and features, TensorFlow's NHWC. */
export const NCHW: Layout = [0, 3, 1, 2];
/** Convolution kernels, TensorFlow's HWIO. */
export const OIHW: Layout = [3, 2, 0, 1];

/** TensorFlow's own order. */
export const straight = (rank: number): Layout => Array.from({ length: rank }, (_, axis) => axis);

/** The layout of the graph's inputs and outputs, and of other values unless an operation needs them otherwise. */
export const usualLayout = (rank: number): Layout => (rank === 4 ? NCHW : straight(rank));

export const sameLayout = (a: Layout, b: Layout): boolean => String(a) === String(b);

/** Sizes, or whatever else there is one of for each dimension, in the order of the ONNX tensor. */
export const arrange = <T>(layout: Layout, perAxis: readonly T[]): T[] =>
  layout.map((axis) => perAxis[axis] as T);

/** The place of one of TensorFlow's dimensions in the ONNX tensor. Negative dimensions count from the last. */
export const placeOf = (layout: Layout, axis: number): number =>
  layout.indexOf(axis < 0 ? axis + layout.length : axis);

/** `perm` of the Transpose that brings a tensor from one layout to another. */
export const permutation = (from: Layout, to: Layout): number[] => to.map((axis) => from.indexOf(axis));

/** The layout of what remains when some dimensions of TensorFlow's are removed. */
export function withoutAxes(layout: Layout, removed: readonly number[]): Layout {
  const kept = straight(layout.length).filter((axis) => !removed.includes(axis));
  return layout.filter((axis) => !removed.includes(axis)).map((axis) => kept.indexOf(axis));
}

/** Whether a change of layout moves no element, because the dimensions that it moves have size 1. */
export function isView(from: Layout, to: Layout, sizes: readonly (number | null)[]): boolean {
  const long = (layout: Layout) => layout.filter((axis) => sizes[axis] !== 1);
  return sameLayout(long(from), long(to));
}

/** Side of the blocks in which elements change places: a block of either array stays in the nearest cache. */
const BLOCK = 16;

/** The elements of a row-major array of `shape` in the order of a layout. */
export function transposeData<T extends Float32Array | Int32Array | Uint8Array>(
  data: T,
  shape: readonly number[],
  layout: Layout,
): T {
  if (isView(straight(shape.length), layout, shape)) return data;
  const result = data.slice() as T;
  const stridesOf = (sizes: readonly number[]) =>
    sizes.map((_, axis) => sizes.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = arrange(layout, shape);
  const from = arrange(layout, stridesOf(shape));
  const to = stridesOf(sizes);
  // `column` steps through neighbours in the result, `row` through neighbours in the source if those differ.
  const column = sizes.length - 1;
  const row = layout.indexOf(column);
  const columns = sizes[column];
  const rows = row === column ? 1 : sizes[row];
  const [apart, across] = [to[row], from[column]];
  const copyPlane = (source: number, target: number) => {
    for (let top = 0; top < rows; top += BLOCK)
      for (let left = 0; left < columns; left += BLOCK) {
        const right = Math.min(left + BLOCK, columns);
        for (let i = top; i < Math.min(top + BLOCK, rows); i++)
          for (let j = left; j < right; j++) result[target + i * apart + j] = data[source + i + j * across];
      }
  };
  const copy = (place: number, source: number, target: number) => {
    if (place === column) copyPlane(source, target);
    else if (place === row) copy(place + 1, source, target);
    else
      for (let i = 0; i < sizes[place]; i++)
        copy(place + 1, source + i * from[place], target + i * to[place]);
  };
  copy(0, 0, 0);
  return result;
}

/** Operations whose results have another order of elements than their inputs, or none that corresponds. */
const REORDERING = new Set(['Reshape', 'Squeeze', 'ExpandDims', 'Transpose', 'Pack', 'Unpack', 'Conv2D']);

/** Which input of an operation is a convolution's filter. */
const FILTERS: Readonly<Record<string, number>> = { Conv2D: 1, Conv2DBackpropInput: 1 };

/**
 * The layouts in which values of rank 4 are wanted where that is not the usual one: filters, and what they are
 * computed from, are OIHW, so that no transposes are left among weights.
 */
export function preferredLayouts(graph: Graph): Map<ValueId, Layout> {
  const preferred = new Map<ValueId, Layout>();
  for (const node of graph.nodes.toReversed()) {
    const filter = FILTERS[node.op];
    if (filter !== undefined) preferred.set(node.inputs[filter], OIHW);
    const layout = node.outputs.map((id) => preferred.get(id)).find(Boolean);
    if (!layout || REORDERING.has(node.op)) continue;
    for (const id of node.inputs)
      if (graph.shape(id).length === 4 && !preferred.has(id)) preferred.set(id, layout);
  }
  return preferred;
}
