import { UserError } from '../../runtime/errors.ts';
import { fitsFloat16, roundToFloat16 } from '../../weights/float16.ts';
import type { Graph, GraphConstant, GraphNode, GraphShape, GraphType, ValueId } from '../graph.ts';
import type { Attributes, OnnxBuilder } from './builder.ts';
import {
  arrange,
  isView,
  type Layout,
  permutation,
  preferredLayouts,
  sameLayout,
  straight,
  transposeData,
  usualLayout,
} from './layout.ts';
import { DATA_TYPES } from './protobuf.ts';

/** The ONNX tensor that holds a value, and the order of its dimensions. */
export interface Placed {
  readonly name: string;
  readonly layout: Layout;
}

/** Weights of at least so many elements are stored only once, and in half precision where that is asked for. */
const LARGE = 1024;

/**
 * The state of a translation: where each value of the TensorFlow graph stands in the ONNX graph. Transposes are put
 * off until somebody needs a value in another layout; so those that cancel are never written.
 */
export class Lowering {
  readonly graph: Graph;
  readonly builder: OnnxBuilder;
  readonly #half: boolean;
  readonly #preferred: ReadonlyMap<ValueId, Layout>;
  readonly #placed = new Map<ValueId, Placed[]>();
  /** For the result of a Reshape: the tensor that was reshaped, and its shape. */
  readonly #reshaped = new Map<string, { source: string; shape: GraphShape }>();
  readonly #shared = new Map<string, string>();
  #batch: string | undefined;

  /** @param half whether the large weights are stored in half precision. */
  constructor(graph: Graph, builder: OnnxBuilder, half: boolean) {
    this.graph = graph;
    this.builder = builder;
    this.#preferred = preferredLayouts(graph);
    this.#half = half;
  }

  shape(id: ValueId): GraphShape {
    return this.graph.shape(id);
  }

  rank(id: ValueId): number {
    return this.shape(id).length;
  }

  type(id: ValueId): GraphType {
    return this.graph.type(id);
  }

  isConstant(id: ValueId): boolean {
    return this.graph.constants.has(id);
  }

  /** The numbers of an input that must be a constant, because ONNX has it as an attribute or needs its value here. */
  numbers(node: GraphNode, input: number): number[] {
    const constant = this.graph.constants.get(node.inputs[input]);
    if (!constant) throw unsupported(node, `input ${input} is not a constant`);
    return [...constant.data];
  }

  /** A size that must be known: any but the batch's. */
  size(node: GraphNode, id: ValueId, axis: number): number {
    const size = this.shape(id)[axis];
    if (size === null || size === undefined) throw unsupported(node, `dimension ${axis} is open`);
    return size;
  }

  /** Notes that a tensor holds a value in a layout. */
  place(id: ValueId, name: string, layout: Layout): void {
    this.#placed.set(id, [...(this.#placed.get(id) ?? []), { name, layout }]);
    this.builder.describe(name, this.type(id), arrange(layout, this.shape(id)));
  }

  /** The value in the layout that it has already. */
  any(id: ValueId): Placed {
    const known = this.#placed.get(id)?.[0];
    if (known) return known;
    const layout = this.#preferred.get(id) ?? usualLayout(this.rank(id));
    return { name: this.#constant(id, layout), layout };
  }

  /** The value in a layout, transposed if need be; in TensorFlow's own where none is given. */
  at(id: ValueId, layout: Layout = straight(this.rank(id))): string {
    const known = this.#placed.get(id)?.find((placed) => sameLayout(placed.layout, layout));
    if (known) return known.name;
    const constant = this.graph.constants.get(id);
    // A large weight is in the file once; the runtime transposes it when it loads.
    if (constant && (constant.data.length < LARGE || !this.#placed.has(id)))
      return this.#constant(id, layout);
    const from = this.any(id);
    const name = this.#relayout(from, layout, this.shape(id));
    this.place(id, name, layout);
    return name;
  }

  #relayout(from: Placed, layout: Layout, shape: GraphShape): string {
    if (sameLayout(from.layout, layout)) return from.name;
    if (isView(from.layout, layout, shape))
      return this.reshape(from.name, arrange(from.layout, shape), arrange(layout, shape));
    return this.emit('Transpose', [from.name], { perm: permutation(from.layout, layout) });
  }

  /** A tensor in another shape. Both shapes are in the order of the ONNX tensor's dimensions. */
  reshape(name: string, from: GraphShape, to: GraphShape): string {
    const origin = this.#reshaped.get(name) ?? { source: name, shape: from };
    if (String(origin.shape) === String(to)) return origin.source;
    const result = this.emit('Reshape', [origin.source, this.sizes(to, true)]);
    this.#reshaped.set(result, origin);
    return result;
  }

  /**
   * A value that is broadcast against those of a rank and layout, in that layout.
   *
   * @param short leaves out leading dimensions of size 1.
   */
  broadcast(id: ValueId, layout: Layout, short = true): string {
    const shape = this.shape(id);
    const missing = layout.length - shape.length;
    const constant = this.graph.constants.get(id);
    if (missing === 0 && !constant) return this.at(id, layout);
    const own = layout.filter((axis) => axis >= missing).map((axis) => axis - missing);
    const full = layout.map((axis) => (axis < missing ? 1 : shape[axis - missing]));
    const first = full.findIndex((size) => size !== 1);
    const sizes = short ? full.slice(first < 0 ? full.length : first) : full;
    if (constant && constant.data.length < LARGE) return this.#store(constant, id, own, sizes as number[]);
    return this.reshape(this.at(id, own), arrange(own, shape), sizes);
  }

  emit(op: string, inputs: readonly string[], attributes?: Attributes): string {
    return this.builder.node(op, inputs, attributes)[0];
  }

  /** Whole numbers as an initializer. Equal lists share one. */
  int64(values: readonly number[]): string {
    const make = (name: string) =>
      this.builder.initializer(name, 'int64', [values.length], BigInt64Array.from(values, BigInt));
    return this.#share(`int64/${values.join(',')}`, make);
  }

  /** One number as an initializer. Equal numbers share one. */
  scalar(value: number, type: GraphType = 'float32'): string {
    return this.builder.scalar(value, type);
  }

  /** A shape as a tensor. `guess` writes an open dimension as -1, which Reshape works out. */
  sizes(shape: GraphShape, guess = false): string {
    const open = shape.filter((size) => size === null).length;
    if (open === 0 || (guess && open === 1)) return this.int64(shape.map((size) => size ?? -1));
    const parts = shape.map((size) => (size === null ? this.#batchSize() : this.int64([size])));
    return this.emit('Concat', parts, { axis: 0 });
  }

  #batchSize(): string {
    if (this.#batch) return this.#batch;
    for (const id of this.graph.inputs.values()) {
      const axis = this.shape(id).indexOf(null);
      if (axis !== 0) continue;
      this.#batch = this.emit('Shape', [this.at(id, usualLayout(this.rank(id)))], { start: 0, end: 1 });
      return this.#batch;
    }
    throw new Error('A value has the size of the batch, but no input has');
  }

  #share(key: string, make: (name: string) => string): string {
    const known = this.#shared.get(key);
    if (known) return known;
    const name = make(key);
    this.#shared.set(key, name);
    return name;
  }

  #constant(id: ValueId, layout: Layout): string {
    const constant = this.graph.constants.get(id);
    if (!constant) throw new Error(`Value ${id} is used before it is computed`);
    const name = this.#store(constant, id, layout, arrange(layout, constant.shape));
    this.place(id, name, layout);
    return name;
  }

  /** An initializer of a constant's elements, in the order of a layout and of any shape. */
  #store(constant: GraphConstant, id: ValueId, layout: Layout, shape: readonly number[]): string {
    const wanted = constant.name ?? `constant_${id}`;
    return this.#share(`value ${id} as [${layout}] in [${shape}]`, () => {
      const data = transposeData(constant.data, constant.shape, layout);
      if (!this.#half || !(data instanceof Float32Array) || !isHalved(constant, data))
        return this.builder.initializer(wanted, this.type(id), shape, data);
      const half = this.builder.initializer(`${wanted}:half`, 'float16', shape, roundToFloat16(data));
      return this.emit('Cast', [half], { to: DATA_TYPES.float32 });
    });
  }
}

/** Whether a tensor may be stored in half precision: only large weights are. */
function isHalved(constant: GraphConstant, data: Float32Array): boolean {
  return constant.name !== undefined && data.length >= LARGE && fitsFloat16(data);
}

/** The error for an operation, or a use of one, that has no translation. */
export function unsupported(node: GraphNode, why: string): UserError {
  return new UserError(`The model cannot be written as ONNX: ${why}.`, {
    where: `operation ${node.op} that makes value ${node.outputs[0]}`,
    fix: 'export to another format, or add the operation to src/graph/onnx/operations',
  });
}
