import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** A graph with what ONNX has one operation for as one operation. */
export const fuse = (graph: Graph): Graph => removeUnused(fuseInstanceNorm(fuseBias(graph)));

/** Leaves out the nodes that no output needs. */
function removeUnused(graph: Graph): Graph {
  const needed = new Set<ValueId>(graph.outputs.values());
  const nodes: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => needed.has(id))) continue;
    for (const id of node.inputs) needed.add(id);
    nodes.push(node);
  }
  return { ...graph, nodes: nodes.reverse() };
}

/** Makes a bias that is added to a convolution's result, and to nothing else, the convolution's third input. */
export function fuseBias(graph: Graph): Graph {
  const uses = new Map<ValueId, number>();
  for (const id of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()])
    uses.set(id, (uses.get(id) ?? 0) + 1);
  const convolutions = new Map<ValueId, GraphNode>();
  const nodes = graph.nodes.map((node) => {
    if (node.op === 'Conv2D') convolutions.set(node.outputs[0], node);
    const [sum, bias] = node.inputs as [ValueId, ValueId];
    const convolution = convolutions.get(sum);
    if (node.op !== 'BiasAdd' || !convolution || uses.get(sum) !== 1) return node;
    return { ...convolution, inputs: [...convolution.inputs, bias], outputs: node.outputs };
  });
  return { ...graph, nodes };
}

/** What {@link fuseInstanceNorm} found. */
interface InstanceNorm {
  readonly x: ValueId;
  readonly gamma: ValueId;
  readonly beta: ValueId;
  readonly epsilon: number;
}

/**
 * Makes one operation `InstanceNorm` of (x - mean) * (rsqrt(variance + epsilon) * gamma) + beta, as `normalize` in
 * runtime/ops.ts computes it, mean and variance being those of each image and channel.
 */
export function fuseInstanceNorm(graph: Graph): Graph {
  const matcher = new Matcher(graph);
  const nodes = graph.nodes.map((node): GraphNode => {
    const found = matcher.instanceNorm(node);
    if (!found) return node;
    const { x, gamma, beta, epsilon } = found;
    return { op: 'InstanceNorm', attributes: { epsilon }, inputs: [x, gamma, beta], outputs: node.outputs };
  });
  return { ...graph, nodes };
}

class Matcher {
  readonly #graph: Graph;
  readonly #producers: ReadonlyMap<ValueId, GraphNode>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  }

  instanceNorm(node: GraphNode): InstanceNorm | undefined {
    if (node.op !== 'AddV2') return undefined;
    for (const [product, beta] of orders(node))
      for (const [centred, scale] of orders(this.#made(product, 'Mul')))
        for (const [deviation, gamma] of orders(this.#made(scale, 'Mul'))) {
          const epsilon = this.#epsilon(centred, deviation);
          if (epsilon === undefined || !this.#isPerChannel(gamma) || !this.#isPerChannel(beta)) continue;
          if (this.#size(gamma) !== this.#size(beta)) continue;
          return { x: this.#made(centred, 'Sub')!.inputs[0], gamma, beta, epsilon };
        }
    return undefined;
  }

  /** epsilon, where `centred` is x - mean and `deviation` rsqrt(variance + epsilon) of the same x. */
  #epsilon(centred: ValueId, deviation: ValueId): number | undefined {
    const [x, mean] = this.#made(centred, 'Sub')?.inputs ?? [];
    if (x === undefined || mean === undefined || this.#meanOf(mean) !== x) return undefined;
    for (const [variance, epsilon] of orders(
      this.#made(this.#made(deviation, 'Rsqrt')?.inputs[0], 'AddV2'),
    )) {
      const squares = this.#made(this.#meanOf(variance), 'SquaredDifference');
      const constant = this.#graph.constants.get(epsilon);
      if (constant?.data.length === 1 && squares?.inputs[0] === x && squares.inputs[1] === mean)
        return constant.data[0];
    }
    return undefined;
  }

  /** Of what a value is the mean over height and width. */
  #meanOf(id: ValueId): ValueId | undefined {
    const node = this.#made(id, 'Mean');
    if (node?.attributes.keep_dims !== true) return undefined;
    const [x, axes] = node.inputs as [ValueId, ValueId];
    const isSpatial = String(this.#graph.constants.get(axes)?.data) === '1,2';
    return isSpatial && this.#graph.values.get(x)!.shape.length === 4 ? x : undefined;
  }

  #isPerChannel(id: ValueId): boolean {
    const { shape } = this.#graph.values.get(id)!;
    return shape.length === 4 && shape[1] === 1 && shape[2] === 1;
  }

  /** For how many samples it is: all or one. */
  #size(id: ValueId): number | null {
    return this.#graph.values.get(id)!.shape[0]!;
  }

  #made(id: ValueId | undefined, op: string): GraphNode | undefined {
    const node = id === undefined ? undefined : this.#producers.get(id);
    return node?.op === op ? node : undefined;
  }
}

/** The two inputs of a node in both orders; nothing where there is no node. */
function orders(node: GraphNode | undefined): readonly (readonly [ValueId, ValueId])[] {
  if (!node) return [];
  const [a, b] = node.inputs as [ValueId, ValueId];
  return [
    [a, b],
    [b, a],
  ];
}
