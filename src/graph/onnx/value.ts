import type { Attributes, OnnxBuilder, ScalarType } from './builder.ts';
import { DATA_TYPES } from './protobuf.ts';

/** A value, or a number that becomes a constant of the type of the value beside it. */
export type Operand = Value | number;

/** A tensor of an ONNX graph that is being built, to be computed with as formulas are written. Shapes are broadcast. */
export class Value {
  readonly builder: OnnxBuilder;
  readonly name: string;
  readonly type: ScalarType;

  constructor(builder: OnnxBuilder, name: string, type: ScalarType) {
    this.builder = builder;
    this.name = name;
    this.type = type;
  }

  /** The result of an operation on this and others. @param type of the result, where it is not this one's. */
  node(op: string, others: readonly Operand[] = [], attributes: Attributes = {}, type = this.type): Value {
    const inputs = others.map((other) =>
      typeof other === 'number' ? this.builder.scalar(other, this.type) : other.name,
    );
    return new Value(this.builder, this.builder.node(op, [this.name, ...inputs], attributes)[0], type);
  }

  plus = (other: Operand): Value => this.node('Add', [other]);
  minus = (other: Operand): Value => this.node('Sub', [other]);
  times = (other: Operand): Value => this.node('Mul', [other]);
  /** A quotient; of whole numbers towards 0. */
  over = (other: Operand): Value => this.node('Div', [other]);
  min = (...others: readonly Operand[]): Value => this.node('Min', others);
  max = (...others: readonly Operand[]): Value => this.node('Max', others);
  below = (other: Operand): Value => this.node('Less', [other], {}, 'bool');
  atLeast = (other: Operand): Value => this.node('GreaterOrEqual', [other], {}, 'bool');
  and = (other: Value): Value => this.node('And', [other]);
  to = (type: ScalarType): Value =>
    type === this.type ? this : this.node('Cast', [], { to: DATA_TYPES[type] }, type);

  /** Of two values of a type the first where this is true, else the second. */
  choose(first: Value, second: Operand): Value {
    const other = typeof second === 'number' ? first.constant(second) : second;
    return this.node('Where', [first, other], {}, first.type);
  }

  constant = (value: number, type = this.type): Value =>
    new Value(this.builder, this.builder.scalar(value, type), type);

  /** The sum of all elements, or along an axis that stays with size 1. */
  sum = (axis?: number): Value =>
    axis === undefined
      ? this.node('ReduceSum', [], { keepdims: 0 })
      : this.node('ReduceSum', [this.#list(axis)], { keepdims: 1 });
  /** The largest element along an axis, which goes. */
  largest = (axis: number): Value => this.node('ReduceMax', [this.#list(axis)], { keepdims: 0 });

  /** A size, a whole number. */
  size = (axis: number): Value => this.node('Shape', [], { start: axis, end: axis + 1 }, 'int64').squeeze(0);
  /** With further axes of size 1, which have these places then. */
  unsqueeze = (...axes: readonly number[]): Value => this.node('Unsqueeze', [this.#list(...axes)]);
  squeeze = (...axes: readonly number[]): Value => this.node('Squeeze', [this.#list(...axes)]);
  reshape = (...shape: readonly number[]): Value => this.node('Reshape', [this.#list(...shape)]);
  transpose = (perm: readonly number[]): Value => this.node('Transpose', [], { perm });
  matMul = (other: Value): Value => this.node('MatMul', [other]);

  /** The whole numbers from this one to before another. */
  upTo = (end: Value): Value => this.node('Range', [end, 1]);
  /** What stands at some places of an axis. */
  pick = (places: Value, axis: number): Value => this.node('Gather', [places], { axis });
  /** What stands at the places of an axis from one to before another. */
  part(axis: number, from: Operand, to: Value): Value {
    const begin = typeof from === 'number' ? to.constant(from) : from;
    return this.node('Slice', [begin.unsqueeze(0), to.unsqueeze(0), this.#list(axis)]);
  }

  /** This and others one after the other along an axis. */
  join = (others: readonly Value[], axis: number): Value => this.node('Concat', others, { axis });

  #list(...values: readonly number[]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return new Value(this.builder, this.builder.initializer('list', 'int64', [values.length], data), 'int64');
  }
}
