/**
 * Recorded computations as functions of TensorFlow: what took a call for every operation takes one, and TensorFlow may run
 * operations that do not depend on each other side by side.
 */
import { type Attribute, isTypeAttribute, nativeBackend, runOps } from '../ops/raw.ts';
import type { Tensor } from '../ops/tf.ts';
import type { Precision } from '../ops/tuning.ts';
import { defineMessages } from '../runtime/protobuf.ts';
import { typesOf } from './attributes.ts';
import { type GraphConstant, lookUp, type ValueId } from './graph.ts';
import type { RecordedNode, RecordedValue, Recording } from './record.ts';

/** What we write of tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto. */
const graphDefType = defineMessages({
  GraphDef: [
    ['node', 1, 'NodeDef[]'],
    ['versions', 4, 'VersionDef'],
  ],
  VersionDef: [['producer', 1, 'int32']],
  NodeDef: [
    ['name', 1, 'string'],
    ['op', 2, 'string'],
    ['input', 3, 'string[]'],
    ['attr', 5, 'AttrEntry[]'],
  ],
  // A protocol buffer's map is a list of such entries.
  AttrEntry: [
    ['key', 1, 'string'],
    ['value', 2, 'AttrValue'],
  ],
  AttrValue: [
    ['list', 1, 'ListValue'],
    ['s', 2, 'bytes'],
    ['i', 3, 'int64'],
    ['f', 4, 'float'],
    ['b', 5, 'bool'],
    ['type', 6, 'int32'],
    ['shape', 7, 'TensorShapeProto'],
    ['tensor', 8, 'TensorProto'],
  ],
  ListValue: [['i', 3, 'int64[]']],
  TensorProto: [
    ['dtype', 1, 'int32'],
    ['tensorShape', 2, 'TensorShapeProto'],
    ['tensorContent', 4, 'bytes'],
  ],
  TensorShapeProto: [['dim', 2, 'Dim[]']],
  Dim: [['size', 1, 'int64']],
}).lookupType('GraphDef');

/** The version of GraphDef from which on TensorFlow 2.20 reads attributes as we write them. */
const PRODUCER = 2200;

/** What we write of tensorflow/core/protobuf/{config,rewriter_config}.proto. */
const configurationType = defineMessages({
  ConfigProto: [['graphOptions', 10, 'GraphOptions']],
  GraphOptions: [['rewriteOptions', 10, 'RewriterConfig']],
  RewriterConfig: [
    ['remapping', 14, 'int32'],
    ['autoMixedPrecisionOnednnBfloat16', 31, 'int32'],
  ],
}).lookupType('ConfigProto');

/** RewriterConfig.Toggle. */
const [ON, OFF] = [1, 2];

type AttrValue = Readonly<Record<string, unknown>>;

/** A value in a function that is being made: `NODE:OUTPUT`. */
export type Output = string;

/** The nodes of a function, added one by one in an order in which they can run. */
export class FunctionBuilder {
  readonly #nodes: object[] = [];
  readonly #inputs: string[] = [];

  /** The next input of the function. */
  input({ type, shape }: RecordedValue): Output {
    const attributes = { dtype: { type: typeNumber(type) }, shape: { shape: shapeProto(shape) } };
    const name = this.#add('Placeholder', [], attributes);
    this.#inputs.push(name);
    return `${name}:0`;
  }

  constant(type: RecordedValue['type'], { shape, data }: GraphConstant): Output {
    const dtype = typeNumber(type);
    const tensorContent = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent };
    return `${this.#add('Const', [], { dtype: { type: dtype }, value: { tensor } })}:0`;
  }

  /**
   * An operation.
   *
   * @param after names of nodes that run before it.
   * @returns the node's name.
   */
  node(
    op: string,
    attributes: readonly Attribute[],
    inputs: readonly Output[],
    after: readonly string[] = [],
  ): string {
    const values = Object.fromEntries(attributes.map((attribute) => [attribute.name, attrValue(attribute)]));
    return this.#add(op, [...inputs, ...after.map((name) => `^${name}`)], values);
  }

  /**
   * A recorded operation. TF.js leaves the types of some to TensorFlow, which infers them only where it runs them at once.
   *
   * @param values of the recording.
   */
  recorded(
    { op, given, inputs: from, outputs: to }: RecordedNode,
    values: Recording['values'],
    inputs: readonly Output[],
    after?: readonly string[],
  ): string {
    if (given.some(isTypeAttribute)) return this.node(op, given, inputs, after);
    const types = (ids: readonly ValueId[]) => ids.map((id) => lookUp(values, id).type);
    const inferred = Object.entries(typesOf(op, types(from), types(to)));
    const attributes = inferred.map(([name, type]) => typeAttribute(name, type));
    return this.node(op, [...given, ...attributes], inputs, after);
  }

  #add(op: string, input: readonly string[], attributes: Readonly<Record<string, AttrValue>>): string {
    // TensorFlow's messages name nodes, and so say which operation it is.
    const name = `${op}_${this.#nodes.length}`;
    const attr = Object.entries(attributes).map(([key, value]) => ({ key, value }));
    this.#nodes.push({ name, op, input, attr });
    return name;
  }

  /**
   * Hands the function over to TensorFlow.
   *
   * @param controls names of nodes that run although no output needs them.
   * @param precision of its convolutions and products and what lies between them, on CPUs that have such instructions. All
   *   variables, inputs and outputs are float32.
   * @throws Error with TensorFlow's message, which names the operation that it does not take.
   */
  build(
    outputs: readonly Output[],
    controls: readonly string[] = [],
    precision: Precision = 'float32',
  ): TensorFlowFunction {
    const graph = graphDefType
      .encode({ node: this.#nodes, versions: { producer: PRODUCER } } as object)
      .finish();
    return new TensorFlowFunction(graph, this.#inputs, outputs, controls, precision);
  }
}

let created = 0;

/** A function that TensorFlow knows. */
export class TensorFlowFunction {
  readonly #name: string;
  readonly #outputs: number;

  constructor(
    graph: Uint8Array,
    inputs: readonly string[],
    outputs: readonly Output[],
    controls: readonly string[],
    precision: Precision,
  ) {
    created += 1;
    this.#name = `recorded_${process.pid}_${created}`;
    this.#outputs = outputs.length;
    const given = [this.#name, graph, inputs, outputs, controls] as const;
    const { binding } = nativeBackend();
    if (precision === 'float32') binding.addFunction(...given);
    else binding.addFunction(...given, mixedPrecision());
  }

  /** Runs it on tensors for its inputs, in their order. The caller disposes of the results. */
  call(inputs: readonly Tensor[], attributes: readonly Attribute[] = []): Tensor[] {
    return runOps(this.#name, [...attributes], [...inputs], this.#outputs);
  }

  /** TensorFlow forgets it. */
  dispose(): void {
    nativeBackend().binding.removeFunction(this.#name);
  }
}

/**
 * What stays float32 of what TensorFlow would compute in bfloat16: sums over many numbers, statistics and normalisation by
 * them, whose gradients are differences of nearly equal numbers; and LeakyReluGrad, which is slow in it.
 */
const IN_FLOAT32 =
  'Sum,Mean,SquaredDifference,Square,RealDiv,Sqrt,Rsqrt,FusedBatchNormV3,FusedBatchNormGradV3,LeakyReluGrad';

/** A ConfigProto with which TensorFlow computes in bfloat16 what gains by it. */
function mixedPrecision(): Uint8Array {
  // TensorFlow reads it when it optimises a function, at the first call.
  process.env.TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_INFERLIST_REMOVE ??= IN_FLOAT32;
  // Remapping fuses operations, and fails with a message where mixed precision has put conversions between them.
  const rewriteOptions = { remapping: OFF, autoMixedPrecisionOnednnBfloat16: ON };
  return configurationType.encode({ graphOptions: { rewriteOptions } } as object).finish();
}

function typeNumber(type: RecordedValue['type']): number {
  const { binding } = nativeBackend();
  return {
    float32: binding.TF_FLOAT,
    int32: binding.TF_INT32,
    bool: binding.TF_BOOL,
    resource: binding.TF_RESOURCE,
  }[type];
}

const typeAttribute = (name: string, type: RecordedValue['type']): Attribute => ({
  name,
  type: nativeBackend().binding.TF_ATTR_TYPE,
  value: typeNumber(type),
});

const shapeProto = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size })) });

function attrValue({ name, type, value }: Attribute): AttrValue {
  const { binding } = nativeBackend();
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { type: value };
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { list: { i: value } } : { i: value };
    case binding.TF_ATTR_FLOAT:
      return { f: value };
    case binding.TF_ATTR_BOOL:
      return { b: Boolean(value) };
    case binding.TF_ATTR_STRING:
      return { s: Buffer.from(String(value)) };
    case binding.TF_ATTR_SHAPE:
      return { shape: shapeProto(value as readonly number[]) };
    default:
      throw new Error(`The attribute ${name} is of a kind that functions do not know`);
  }
}
