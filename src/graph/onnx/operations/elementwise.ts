/** Operations on each element, alone or with those of other values. */
import { Float } from '../builder.ts';
import { DATA_TYPES } from '../protobuf.ts';
import { attribute, type Operations, onEach, together, unary } from './operation.ts';

const binary = (op: string) => together((inputs, to) => to.emit(op, inputs));
const alpha = (name: string) => (node: Parameters<typeof attribute>[0]) => ({
  alpha: new Float(attribute<number>(node, name, 'number')),
});

export const elementwise: Operations = {
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
    const [a, b] = inputs as [string, string];
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
};
