import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { type Rewriter, rewrite } from '../simplify/rewrite.ts';

/** Replaces groups of operations for which ONNX has a single one. */
export const fuse = (graph: Graph): Graph => fuseInterleaves(fuseInstanceNorms(fuseBiases(graph)));

/** Makes a bias that is added to a convolution's result, and to nothing else, the convolution's third input. */
function fuseBiases(graph: Graph): Graph {
  const uses = graph.useCounts();
  const convolutions = new Map<ValueId, GraphNode>();
  const nodes = graph.nodes.map((node) => {
    if (node.op === 'Conv2D') convolutions.set(node.outputs[0], node);
    const [sum, bias] = node.inputs;
    const convolution = convolutions.get(sum);
    if (node.op !== 'BiasAdd' || !convolution || uses.get(sum) !== 1) return node;
    return { ...convolution, inputs: [...convolution.inputs, bias], outputs: node.outputs };
  });
  return graph.with({ nodes }).withoutDeadCode();
}

/**
 * Makes one operation `Interleave` of DepthToSpace and the concatenation of its four phases before it: onnxruntime puts the
 * phases into place two or three times as fast from four tensors as from one.
 */
function fuseInterleaves(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const together = rewriter.producer(node.inputs[0]);
    if (node.op !== 'DepthToSpace' || node.attributes.block_size !== 2 || together?.op !== 'ConcatV2')
      return undefined;
    const phases = together.inputs.slice(0, -1);
    const shapes = new Set(phases.map((id) => String(rewriter.shape(id))));
    if (phases.length !== 4 || shapes.size !== 1) return undefined;
    return rewriter.addLike(node.outputs, { op: 'Interleave', attributes: {}, inputs: phases });
  });
}

/**
 * Makes one operation `InstanceNorm` of (x - mean) * (rsqrt(variance + epsilon) * gamma) + beta, as `normalize` in
 * ops/normalize.ts computes it, mean and variance being those of each image and channel.
 */
function fuseInstanceNorms(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const found = new Matcher(rewriter).instanceNorm(node);
    if (!found) return undefined;
    const { x, gamma, beta, epsilon } = found;
    const inputs = [x, gamma, beta];
    return rewriter.addLike(node.outputs, { op: 'InstanceNorm', attributes: { epsilon }, inputs });
  });
}

interface InstanceNorm {
  readonly x: ValueId;
  readonly gamma: ValueId;
  readonly beta: ValueId;
  readonly epsilon: number;
}

class Matcher {
  readonly #graph: Rewriter;

  constructor(graph: Rewriter) {
    this.#graph = graph;
  }

  instanceNorm(node: GraphNode): InstanceNorm | undefined {
    if (node.op !== 'AddV2') return undefined;
    for (const [product, beta] of orders(node))
      for (const [centred, scale] of orders(this.#made(product, 'Mul')))
        for (const [deviation, gamma] of orders(this.#made(scale, 'Mul'))) {
          const found = this.#normalised(centred, deviation);
          if (!found || !this.#isPerChannel(gamma) || !this.#isPerChannel(beta)) continue;
          // Either both are the same for all samples, or both differ between samples.
          if (this.#graph.shape(gamma)[0] === this.#graph.shape(beta)[0]) return { ...found, gamma, beta };
        }
    return undefined;
  }

  /** x and epsilon, where `centred` is x - mean and `deviation` rsqrt(variance + epsilon) of the same x. */
  #normalised(centred: ValueId, deviation: ValueId): Pick<InstanceNorm, 'x' | 'epsilon'> | undefined {
    const [x, mean] = this.#made(centred, 'Sub')?.inputs ?? [];
    if (x === undefined || mean === undefined || this.#meanOf(mean) !== x) return undefined;
    for (const [variance, epsilon] of orders(
      this.#made(this.#made(deviation, 'Rsqrt')?.inputs[0], 'AddV2'),
    )) {
      const squares = this.#made(this.#meanOf(variance), 'SquaredDifference');
      const constant = this.#graph.constants.get(epsilon);
      if (constant?.data.length === 1 && squares?.inputs[0] === x && squares.inputs[1] === mean)
        return { x, epsilon: constant.data[0] };
    }
    return undefined;
  }

  /** The value of which `id` is the mean over height and width; undefined where it is no such mean. */
  #meanOf(id: ValueId): ValueId | undefined {
    const node = this.#made(id, 'Mean');
    if (node?.attributes.keep_dims !== true) return undefined;
    const [x, axes] = node.inputs;
    const isSpatial = String(this.#graph.constants.get(axes)?.data) === '1,2';
    return isSpatial && this.#graph.shape(x).length === 4 ? x : undefined;
  }

  #isPerChannel(id: ValueId): boolean {
    const shape = this.#graph.shape(id);
    return shape.length === 4 && shape[1] === 1 && shape[2] === 1;
  }

  #made(id: ValueId | undefined, op: string): GraphNode | undefined {
    const node = id === undefined ? undefined : this.#graph.producer(id);
    return node?.op === op ? node : undefined;
  }
}

/** The two inputs of a node in both orders; nothing where there is no node. */
function orders(node: GraphNode | undefined): readonly (readonly [ValueId, ValueId])[] {
  if (!node) return [];
  const [a, b] = node.inputs;
  return [
    [a, b],
    [b, a],
  ];
}
