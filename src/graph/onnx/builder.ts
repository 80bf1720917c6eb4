import type { GraphShape } from '../graph.ts';
import {
  type AttributeProto,
  DATA_TYPES,
  type NodeProto,
  type OnnxType,
  type TensorProto,
  type ValueInfoProto,
} from './protobuf.ts';

/** A floating-point attribute. A plain number is written as a whole one. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export type Attributes = Readonly<Record<string, number | Float | string | readonly number[]>>;

interface Description {
  readonly type: OnnxType;
  readonly shape: GraphShape;
}

interface BuiltNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Attributes;
}

/** An input or output of the graph, in the ONNX tensor's order of dimensions. */
export interface Port extends Description {
  readonly name: string;
  readonly docString?: string | undefined;
}

/** The open dimension of all shapes: the batch size. */
const BATCH = 'n';

/** Collects nodes and initializers of an ONNX graph and gives them unique names. */
export class OnnxBuilder {
  /** Beginning of the next nodes' names, for example a layer's; may be empty. */
  scope = '';
  readonly #nodes: BuiltNode[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #described = new Map<string, Description>();
  readonly #names = new Set<string>();
  /** The tensors that became outputs of the graph: their new names by the old ones. */
  readonly #outputs = new Map<string, string>();

  /** Takes a name that nothing else has: the wanted one or that with a number. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  initializer(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    data: ArrayBufferView | ArrayBufferLike,
  ): string {
    const unique = this.unique(name);
    const rawData = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    this.#initializers.set(unique, { name: unique, dims: shape, dataType: DATA_TYPES[type], rawData });
    return unique;
  }

  /** Adds a node and returns the names of its results. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, count = 1): string[] {
    const name = this.unique(this.scope ? `${this.scope}/${op}` : op);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : this.unique(`${name}:${i}`)));
    this.#nodes.push({ name, op, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /** Notes a tensor's type and shape, so that the file can say them. */
  describe(name: string, type: OnnxType, shape: GraphShape): void {
    this.#described.set(name, { type, shape });
  }

  /** Makes a tensor the output `name` of the graph. The name was reserved by {@link unique}. */
  output(name: string, tensor: string): void {
    const current = this.#outputs.get(tensor) ?? tensor;
    const producer = this.#nodes.find(({ outputs }) => outputs.includes(current));
    if (!producer || current !== tensor) {
      this.#nodes.push(identity(name, current));
      return;
    }
    this.#outputs.set(tensor, name);
    for (const { inputs, outputs } of this.#nodes) {
      inputs.splice(0, inputs.length, ...inputs.map((used) => (used === tensor ? name : used)));
      outputs.splice(0, outputs.length, ...outputs.map((made) => (made === tensor ? name : made)));
    }
  }

  /** The whole graph: what its outputs do not need is left out. */
  finish(name: string, inputs: readonly Port[], outputs: readonly Port[]) {
    const needed = new Set(outputs.map((output) => output.name));
    const nodes: BuiltNode[] = [];
    for (const node of [...this.#nodes].reverse()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    nodes.reverse();
    const border = new Set([...inputs, ...outputs].map((port) => port.name));
    const valueInfo = nodes
      .flatMap((node) => node.outputs)
      .flatMap((output) => {
        const description = this.#described.get(output);
        return description && !border.has(output) ? [portProto({ name: output, ...description })] : [];
      });
    return {
      name,
      node: nodes.map(nodeProto),
      initializer: [...this.#initializers.values()].filter((tensor) => needed.has(tensor.name)),
      input: inputs.map(portProto),
      output: outputs.map(portProto),
      valueInfo,
    };
  }
}

const identity = (name: string, tensor: string): BuiltNode => ({
  name: `${name}/Identity`,
  op: 'Identity',
  inputs: [tensor],
  outputs: [name],
  attributes: {},
});

function nodeProto({ name, op, inputs, outputs, attributes }: BuiltNode): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return { name, opType: op, input: inputs, output: outputs, attribute };
}

/** The numbers of `type` are ONNX's for FLOAT, INT, STRING and INTS. */
function attributeProto(name: string, value: Attributes[string]): AttributeProto {
  if (value instanceof Float) return { name, type: 1, f: value.value };
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  return { name, type: 7, ints: value };
}

function portProto({ name, type, shape, docString }: Port): ValueInfoProto {
  const dim = shape.map((size) => (size === null ? { dimParam: BATCH } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } }, docString };
}
