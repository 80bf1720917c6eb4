import {
  type AttributeProto,
  DATA_TYPES,
  type GraphProto,
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

/** A graph within an attribute: what a Loop repeats. It may use values of the graph around it. */
class Body {
  readonly nodes: readonly BuiltNode[];
  readonly inputs: readonly (Loose | Port)[];
  readonly outputs: readonly Loose[];
  constructor(nodes: readonly BuiltNode[], inputs: readonly (Loose | Port)[], outputs: readonly Loose[]) {
    this.nodes = nodes;
    this.inputs = inputs;
    this.outputs = outputs;
  }
}

/** A tensor whose shape is left open. */
export interface Loose {
  readonly name: string;
  readonly type: OnnxType;
}

export type Attributes = Readonly<Record<string, number | Float | string | readonly number[] | Body>>;

interface Description {
  readonly type: OnnxType;
  /** Sizes; null is the batch's, and a name any other that is open. */
  readonly shape: readonly (number | null | string)[];
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

/** The name of the batch's size. */
const BATCH = 'n';

/** The bytes of one number of each type. */
const SCALARS = {
  float32: (value: number) => Float32Array.of(value),
  float64: (value: number) => Float64Array.of(value),
  uint8: (value: number) => Uint8Array.of(value),
  int32: (value: number) => Int32Array.of(value),
  int64: (value: number) => BigInt64Array.of(BigInt(value)),
  bool: (value: number) => Uint8Array.of(value),
};
export type ScalarType = keyof typeof SCALARS;

/** Collects nodes and initializers of an ONNX graph and gives them unique names. */
export class OnnxBuilder {
  /** Beginning of the next nodes' names, for example a layer's; may be empty. */
  scope = '';
  #nodes: BuiltNode[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #described = new Map<string, Description>();
  readonly #names = new Set<string>();
  readonly #scalars = new Map<string, string>();
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

  /** One number as an initializer. Equal numbers share one. */
  scalar(value: number, type: ScalarType): string {
    const key = `${type}/${value}`;
    const known = this.#scalars.get(key);
    if (known) return known;
    const name = this.initializer(key, type, [], SCALARS[type](value));
    this.#scalars.set(key, name);
    return name;
  }

  /**
   * Repeats nodes, and returns the names of the last state.
   *
   * @param times at most; endless where it is empty. @param state what the first round is given.
   * @param makeRound adds the nodes of a round to this builder. It gets the names of a state and gives those of the next
   *   one, and of a boolean that says whether there is another round.
   */
  loop(
    times: string,
    state: readonly Loose[],
    makeRound: (state: readonly string[]) => { again: string; state: readonly string[] },
  ): string[] {
    const around = this.#nodes;
    this.#nodes = [];
    const counters = [
      { name: this.unique('round'), type: 'int64' as const, shape: [] },
      { name: this.unique('goes on'), type: 'bool' as const, shape: [] },
    ];
    const given = state.map(({ name, type }) => ({ name: this.unique(`${name}:state`), type }));
    const { again, state: next } = makeRound(given.map(({ name }) => name));
    // A body's outputs must be made in it.
    const outputs = [again, ...next].map((name, i) => ({
      name: this.node('Identity', [name])[0],
      type: i === 0 ? ('bool' as const) : state[i - 1].type,
    }));
    const body = new Body(this.#nodes, [...counters, ...given], outputs);
    this.#nodes = around;
    const begin = [times, this.scalar(1, 'bool'), ...state.map(({ name }) => name)];
    return this.node('Loop', begin, { body }, state.length);
  }

  /** Notes a tensor's type and shape, so that the file can say them. */
  describe(name: string, type: OnnxType, shape: Description['shape']): void {
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
  finish(name: string, inputs: readonly Port[], outputs: readonly Port[]): GraphProto {
    const needed = new Set(outputs.map((output) => output.name));
    const nodes: BuiltNode[] = [];
    for (const node of [...this.#nodes].reverse()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      for (const input of usedBy(node)) needed.add(input);
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

/** What a node is given, and what the graphs within it take from the one around them. */
const usedBy = ({ inputs, attributes }: BuiltNode): string[] => [
  ...inputs,
  ...Object.values(attributes).flatMap((value) => (value instanceof Body ? value.nodes.flatMap(usedBy) : [])),
];

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

/** The numbers of `type` are ONNX's for FLOAT, GRAPH, INT, STRING and INTS. */
function attributeProto(name: string, value: Attributes[string]): AttributeProto {
  if (value instanceof Float) return { name, type: 1, f: value.value };
  if (value instanceof Body) return { name, type: 5, g: bodyProto(name, value) };
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  return { name, type: 7, ints: value };
}

const bodyProto = (name: string, { nodes, inputs, outputs }: Body): GraphProto => ({
  name,
  node: nodes.map(nodeProto),
  initializer: [],
  input: inputs.map((input) => ('shape' in input ? portProto(input) : looseProto(input))),
  output: outputs.map(looseProto),
  valueInfo: [],
});

const looseProto = ({ name, type }: Loose): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: DATA_TYPES[type] } },
});

function portProto({ name, type, shape, docString }: Port): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === 'number' ? { dimValue: size } : { dimParam: size ?? BATCH },
  );
  return { name, type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } }, docString };
}
