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

/** The layout that a value of a rank has at the graph's border and, where nothing speaks against it, within. */
export const usualLayout = (rank: number): Layout => (rank === 4 ? NCHW : straight(rank));

export const sameLayout = (a: Layout, b: Layout): boolean => String(a) === String(b);

/** Sizes, or anything else that there is one of a dimension, in ONNX's order. */
export const arrange = <T>(layout: Layout, perAxis: readonly T[]): T[] =>
  layout.map((axis) => perAxis[axis] as T);

/** Where a dimension of TensorFlow's stands; negative ones count from the last. */
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

/** The elements of a row-major array of `shape` in the order of a layout. */
export function transposeData<T extends Float32Array | Int32Array | Uint8Array>(
  data: T,
  shape: readonly number[],
  layout: Layout,
): T {
  if (isView(straight(shape.length), layout, shape)) return data;
  const result = data.slice() as T;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = arrange(layout, shape);
  const steps = arrange(layout, strides);
  const last = sizes.length - 1;
  let target = 0;
  const copy = (place: number, source: number) => {
    const size = sizes[place]!;
    const step = steps[place]!;
    if (place === last) for (let i = 0; i < size; i++) result[target++] = data[source + i * step]!;
    else for (let i = 0; i < size; i++) copy(place + 1, source + i * step);
  };
  copy(0, 0);
  return result;
}
