import {
  type Graph,
  type GraphConstant,
  type GraphNode,
  type GraphShape,
  type GraphType,
  type GraphValue,
  lookUp,
  type ValueId,
} from '../graph.ts';

/**
 * Replaces a node: gives the values that stand for its outputs, having added to the new graph what computes them, or
 * undefined to keep the node.
 */
export type Rule = (node: GraphNode, graph: Rewriter) => readonly ValueId[] | undefined;

/**
 * A graph with each node replaced as `rule` says, which sees the nodes in order, their inputs replaced already. What
 * is no longer needed is left out.
 */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const rewriter = new Rewriter(graph);
  for (const node of graph.nodes) rewriter.copy(node, rule);
  return rewriter.finish(graph).withoutDeadCode();
}

/** Builds the new graph node by node, and answers what rules ask about it. */
export class Rewriter {
  readonly values: Map<ValueId, GraphValue>;
  readonly constants: Map<ValueId, GraphConstant>;
  readonly #nodes: GraphNode[] = [];
  readonly #producers = new Map<ValueId, GraphNode>();
  readonly #replacements = new Map<ValueId, ValueId>();
  readonly #uses: Map<ValueId, number>;
  #next: ValueId;

  constructor(graph: Graph) {
    this.values = new Map(graph.values);
    this.constants = new Map(graph.constants);
    this.#next = [...graph.values.keys()].reduce((highest, id) => Math.max(highest, id), -1) + 1;
    this.#uses = graph.useCounts();
  }

  /** The node that computes a value; undefined for inputs and constants. */
  producer(id: ValueId): GraphNode | undefined {
    return this.#producers.get(id);
  }

  shape(id: ValueId): GraphShape {
    return lookUp(this.values, id).shape;
  }

  type(id: ValueId): GraphType {
    return lookUp(this.values, id).type;
  }

  /** How many nodes and outputs use a value, including nodes that a rule added before it gave up. */
  uses(id: ValueId): number {
    return this.#uses.get(id) ?? 0;
  }

  /** Adds a node with one output of a type and shape, and gives that. */
  add(
    op: string,
    attributes: GraphNode['attributes'],
    inputs: readonly ValueId[],
    shape: GraphShape,
    type: GraphType = 'float32',
  ): ValueId {
    return this.#add(op, attributes, inputs, [{ type, shape }])[0];
  }

  /** Adds a node whose outputs have the types and shapes of `outputs`, and gives the new ones. */
  addLike(
    outputs: readonly ValueId[],
    { op, attributes, inputs }: Pick<GraphNode, 'op' | 'attributes' | 'inputs'>,
  ): ValueId[] {
    return this.#add(
      op,
      attributes,
      inputs,
      outputs.map((id) => lookUp(this.values, id)),
    );
  }

  /** Adds a Reshape, which can leave at most one size open. */
  reshape(x: ValueId, shape: GraphShape): ValueId {
    const sizes = this.constant({
      shape: [shape.length],
      data: Int32Array.from(shape, (size) => size ?? -1),
    });
    return this.add('Reshape', {}, [x, sizes], shape, this.type(x));
  }

  #add(
    op: string,
    attributes: GraphNode['attributes'],
    inputs: readonly ValueId[],
    outputs: readonly GraphValue[],
  ): ValueId[] {
    const ids = outputs.map((value) => this.#define(value));
    for (const id of inputs) this.#uses.set(id, this.uses(id) + 1);
    this.#push({ op, attributes, inputs, outputs: ids });
    return ids;
  }

  constant(constant: GraphConstant): ValueId {
    const { shape, data } = constant;
    const type = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
    const id = this.#define({ type, shape });
    this.constants.set(id, constant);
    return id;
  }

  /** The values of an int32 constant; undefined where it is none. */
  integers(id: ValueId): readonly number[] | undefined {
    const data = this.constants.get(id)?.data;
    return data instanceof Int32Array ? [...data] : undefined;
  }

  copy(node: GraphNode, rule: Rule): void {
    const inputs = node.inputs.map((id) => this.#replacements.get(id) ?? id);
    const current = { ...node, inputs };
    const replacements = rule(current, this);
    if (!replacements) {
      this.#push(current);
      return;
    }
    for (const [i, id] of node.outputs.entries()) {
      const replacement = replacements[i];
      this.#replacements.set(id, replacement);
      this.#uses.set(replacement, this.uses(replacement) + this.uses(id));
    }
    for (const id of inputs) this.#release(id);
  }

  /** Counts one use less. A node without uses no longer uses its inputs either. */
  #release(id: ValueId): void {
    this.#uses.set(id, this.uses(id) - 1);
    const producer = this.#producers.get(id);
    if (!producer?.outputs.every((output) => this.uses(output) === 0)) return;
    for (const input of producer.inputs) this.#release(input);
  }

  finish(graph: Graph): Graph {
    const outputs = [...graph.outputs].map(([name, id]) => [name, this.#replacements.get(id) ?? id] as const);
    const { values, constants } = this;
    return graph.with({ values, constants, nodes: this.#nodes, outputs: new Map(outputs) });
  }

  #define(value: GraphValue): ValueId {
    const id = this.#next++;
    this.values.set(id, value);
    return id;
  }

  #push(node: GraphNode): void {
    this.#nodes.push(node);
    for (const id of node.outputs) this.#producers.set(id, node);
  }
}
