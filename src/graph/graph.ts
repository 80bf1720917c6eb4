/**
 * A computation as a graph of TensorFlow operations, from which files of other formats are made. Values are NHWC as
 * everywhere; formats with another layout convert.
 */

export type GraphType = 'float32' | 'int32' | 'bool';
/** Sizes of the dimensions; null is the batch size, which is open. */
export type GraphShape = readonly (number | null)[];
/** Identifies a value within its graph. */
export type ValueId = number;

/** What is known of a value, whether input, constant or result of a node. */
export interface GraphValue {
  readonly type: GraphType;
  readonly shape: GraphShape;
}

/** Weights and fixed numbers. Booleans are 0 or 1. */
export interface GraphConstant {
  /** The variable's name where it is a network's weight. */
  readonly name?: string | undefined;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** An operation of TensorFlow. Of its attributes those for types (`T`, `Tidx`, ...) are left out, see attributes.ts. */
export interface GraphNode {
  /** TensorFlow's name, for example `Conv2D`. */
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
}

export interface GraphParts {
  readonly values: ReadonlyMap<ValueId, GraphValue>;
  readonly constants: ReadonlyMap<ValueId, GraphConstant>;
  /** In an order in which they can be computed. */
  readonly nodes: readonly GraphNode[];
  /** By name, in the order in which users of the graph see them. */
  readonly inputs: ReadonlyMap<string, ValueId>;
  readonly outputs: ReadonlyMap<string, ValueId>;
}

export class Graph implements GraphParts {
  readonly values: ReadonlyMap<ValueId, GraphValue>;
  readonly constants: ReadonlyMap<ValueId, GraphConstant>;
  readonly nodes: readonly GraphNode[];
  readonly inputs: ReadonlyMap<string, ValueId>;
  readonly outputs: ReadonlyMap<string, ValueId>;

  constructor({ values, constants, nodes, inputs, outputs }: GraphParts) {
    this.values = values;
    this.constants = constants;
    this.nodes = nodes;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** The same graph but for some parts. */
  with(changes: Partial<GraphParts>): Graph {
    return new Graph({ ...this, ...changes });
  }

  shape(id: ValueId): GraphShape {
    return lookUp(this.values, id).shape;
  }

  type(id: ValueId): GraphType {
    return lookUp(this.values, id).type;
  }

  /** How many inputs of nodes each value is, plus one for every output of the graph that it is. */
  useCounts(): Map<ValueId, number> {
    const counts = new Map<ValueId, number>();
    for (const id of [...this.nodes.flatMap(({ inputs }) => inputs), ...this.outputs.values()])
      counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** The graph without the nodes and constants that no output needs. Inputs stay, used or not. */
  withoutDeadCode(): Graph {
    const needed = new Set<ValueId>([...this.inputs.values(), ...this.outputs.values()]);
    const nodes: GraphNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((id) => needed.has(id))) continue;
      nodes.push(node);
      for (const id of [...node.inputs, ...node.outputs]) needed.add(id);
    }
    const keep = <T>(map: ReadonlyMap<ValueId, T>) => new Map([...map].filter(([id]) => needed.has(id)));
    return this.with({ nodes: nodes.reverse(), values: keep(this.values), constants: keep(this.constants) });
  }
}

/** The entry of a table by value. Throws an Error where there is none: then the graph is not well formed. */
export function lookUp<T>(table: ReadonlyMap<ValueId, T>, id: ValueId): T {
  const found = table.get(id);
  if (found === undefined) throw new Error(`Value ${id} of a graph is used before it is known`);
  return found;
}
