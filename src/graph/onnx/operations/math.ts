/** Arithmetic: on each element, alone or with those of other values; products of matrices; reductions. */

import type { GraphNode } from '../../graph.ts';
import { Float } from '../builder.ts';
import { placeOf, straight, withoutAxes } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { DATA_TYPES } from '../protobuf.ts';
import { attribute, type Operation, type Operations, onEach, together, unary } from './operation.ts';

const binary = (op: string) => together((inputs, to) => to.emit(op, inputs));
const alpha = (name: string) => (node: Parameters<typeof attribute>[0]) => ({
  alpha: new Float(attribute<number>(node, name, 'number')),
});

/** @param transposed names of the attributes that say whether the first and second factor are transposed. */
const product =
  (transposed: readonly [string, string]): Operation =>
  (to, node) => {
    const [a, b] = node.inputs.map((id, side) => {
      const layout = [...straight(to.rank(id))];
      if (node.attributes[transposed[side]]) layout.push(...layout.splice(-2).reverse());
      return to.at(id, layout);
    });
    const output = node.outputs[0];
    to.place(output, to.emit('MatMul', [a, b]), straight(to.rank(output)));
  };

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
    const [axis] = axesOf(to, node);
    const x = to.any(node.inputs[0]);
    const found = to.emit(op, [x.name], { axis: placeOf(x.layout, axis), keepdims: 0 });
    const result = to.emit('Cast', [found], { to: DATA_TYPES.int32 });
    to.place(node.outputs[0], result, withoutAxes(x.layout, [axis]));
  };

export const mathOperations: Operations = {
  Abs: unary('Abs'),
  Ceil: unary('Ceil'),
  Cos: unary('Cos'),
  Elu: unary('Elu'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Floor: unary('Floor'),
  Identity: onEach((x) => x),
  LeakyRelu: unary('LeakyRelu', alpha('alpha')),
  Log: unary('Log'),
  LogicalNot: unary('Not'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Relu6: onEach((x, to) => to.emit('Clip', [x, to.scalar(0), to.scalar(6)])),
  Round: unary('Round'),
  Rsqrt: onEach((x, to) => to.emit('Reciprocal', [to.emit('Sqrt', [x])])),
  Sigmoid: unary('Sigmoid'),
  Sign: unary('Sign'),
  Sin: unary('Sin'),
  Softplus: unary('Softplus'),
  Sqrt: unary('Sqrt'),
  Square: onEach((x, to) => to.emit('Mul', [x, x])),
  Tanh: unary('Tanh'),
  ZerosLike: onEach((x, to, node) => to.emit('Mul', [x, to.scalar(0, to.type(node.outputs[0]))])),

  Cast: onEach((x, to, node) => to.emit('Cast', [x], { to: DATA_TYPES[to.type(node.outputs[0])] })),

  Add: binary('Add'),
  AddV2: binary('Add'),
  AddN: binary('Sum'),
  BiasAdd: binary('Add'),
  Div: binary('Div'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Mul: binary('Mul'),
  Pow: binary('Pow'),
  Sub: binary('Sub'),
  SquaredDifference: together((inputs, to) => {
    const difference = to.emit('Sub', inputs);
    return to.emit('Mul', [difference, difference]);
  }),
  FloorDiv: together((inputs, to, node) => {
    if (to.type(node.outputs[0]) === 'float32') return to.emit('Floor', [to.emit('Div', inputs)]);
    // ONNX divides whole numbers towards zero; the remainder taken off first, there is nothing to round.
    const [a, b] = inputs;
    return to.emit('Div', [to.emit('Sub', [a, to.emit('Mod', [a, b])]), b]);
  }),
  FloorMod: together(([a, b], to, node) => {
    if (to.type(node.outputs[0]) !== 'float32') return to.emit('Mod', [a, b]);
    const whole = to.emit('Floor', [to.emit('Div', [a, b])]);
    return to.emit('Sub', [a, to.emit('Mul', [whole, b])]);
  }),

  Equal: binary('Equal'),
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  NotEqual: together((inputs, to) => to.emit('Not', [to.emit('Equal', inputs)])),

  ClipByValue: together(([x, low, high], to) => to.emit('Min', [to.emit('Max', [x, low]), high])),
  Select: together((inputs, to) => to.emit('Where', inputs)),
  SelectV2: together((inputs, to) => to.emit('Where', inputs)),

  MatMul: product(['transpose_a', 'transpose_b']),
  BatchMatMulV2: product(['adj_x', 'adj_y']),

  ArgMax: position('ArgMax'),
  ArgMin: position('ArgMin'),
  Max: reduction('ReduceMax'),
  Mean: reduction('ReduceMean'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Sum: reduction('ReduceSum'),
};
