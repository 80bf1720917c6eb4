/**
 * Batch normalisation with fixed statistics, and biases, folded into the convolutions before them: a factor and an
 * offset for each channel move up through whatever leaves channels apart until they reach a kernel.
 */
import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/** y = scale * x + offset, one number for each channel. */
interface Affine {
  readonly scale: Float32Array | undefined;
  readonly offset: Float32Array | undefined;
}

/**
 * Folds `Mul`, `AddV2`, `Sub` and `BiasAdd` with constants for each channel into the convolution that they follow,
 * directly or behind the interleaving of upsampled images: the convolution's kernel takes the factor, one `BiasAdd`
 * after it the offset.
 */
export function foldBatchNorms(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const step = asAffine(node, rewriter);
    if (!step) return undefined;
    const before = rewriter.producer(step.input);
    // A bias right behind its convolution is where it should end up.
    if (before?.op === 'Conv2D' && step.affine.scale === undefined && node.op === 'BiasAdd') return undefined;
    const folded = apply(step.input, step.affine, rewriter);
    return folded === undefined ? undefined : [folded];
  });
}

/** A node as an affine function of its one varying input [...,c]; undefined where it is none. */
function asAffine(node: GraphNode, graph: Rewriter): { input: ValueId; affine: Affine } | undefined {
  const [x, y] = node.inputs;
  const of = (input: ValueId, other: ValueId, make: (values: Float32Array) => Affine) => {
    const values = perChannel(other, graph.shape(input), graph);
    return values && graph.shape(input).length === 4 ? { input, affine: make(values) } : undefined;
  };
  const asOffset = (offset: Float32Array): Affine => ({ scale: undefined, offset });
  switch (node.op) {
    case 'BiasAdd':
      return of(x, y, asOffset);
    case 'AddV2':
      return of(x, y, asOffset) ?? of(y, x, asOffset);
    case 'Sub':
      return of(x, y, (values) => asOffset(values.map((value) => -value)));
    case 'Mul': {
      const asScale = (scale: Float32Array): Affine => ({ scale, offset: undefined });
      return of(x, y, asScale) ?? of(y, x, asScale);
    }
    default:
      return undefined;
  }
}

/** A constant as one number for each channel of a value [...,c]; undefined where it differs between pixels. */
function perChannel(
  id: ValueId,
  shape: readonly (number | null)[],
  graph: Rewriter,
): Float32Array | undefined {
  const constant = graph.constants.get(id);
  const channels = shape.at(-1);
  if (!(constant?.data instanceof Float32Array) || typeof channels !== 'number') return undefined;
  const { data } = constant;
  if (data.length === 1) return new Float32Array(channels).fill(data[0]);
  return data.length === channels && constant.shape.at(-1) === channels ? data : undefined;
}

/**
 * Adds nodes that compute `affine` of a value as early as possible, and gives their result; undefined where no convolution
 * can take it up.
 */
function apply(id: ValueId, affine: Affine, graph: Rewriter): ValueId | undefined {
  const node = graph.producer(id);
  if (!node || graph.uses(id) !== 1) return undefined;
  const step = asAffine(node, graph);
  if (step) return apply(step.input, compose(affine, step.affine), graph);
  switch (node.op) {
    case 'Conv2D':
      return throughConvolution(node, affine, graph);
    case 'DepthToSpace': {
      const copies = Number(node.attributes.block_size) ** 2;
      const inner = apply(node.inputs[0], repeat(affine, copies), graph);
      return inner === undefined
        ? undefined
        : graph.add(node.op, node.attributes, [inner], graph.shape(node.outputs[0]));
    }
    case 'ConcatV2':
      return throughPhases(node, affine, graph);
    default:
      return undefined;
  }
}

function throughConvolution(
  node: GraphNode,
  { scale, offset }: Affine,
  graph: Rewriter,
): ValueId | undefined {
  const [x, kernel] = node.inputs;
  const scaled = scale ? scaleKernel(kernel, scale, graph) : kernel;
  if (scaled === undefined) return undefined;
  const shape = graph.shape(node.outputs[0]);
  const product =
    scaled === kernel ? node.outputs[0] : graph.add(node.op, node.attributes, [x, scaled], shape);
  if (!offset) return product;
  const bias = graph.constant({ shape: [offset.length], data: offset });
  return graph.add('BiasAdd', { data_format: 'NHWC' }, [product, bias], shape);
}

/**
 * The case of an upsampling convolution, which computes the pixels of even and odd rows and columns as four groups of
 * channels: they are split, sliced and concatenated, none of which mixes channels.
 */
function throughPhases(node: GraphNode, affine: Affine, graph: Rewriter): ValueId | undefined {
  const phases = node.inputs.slice(0, -1);
  const slices = phases.flatMap((id) => graph.producer(id) ?? []);
  const split = slices[0] && graph.producer(slices[0].inputs[0]);
  const last = graph.shape(node.outputs[0]).length - 1;
  const fits =
    split?.op === 'SplitV' &&
    lastInteger(node, graph) === last &&
    graph.integers(split.inputs[2])?.[0] === last &&
    String(slices.map((slice) => slice.inputs[0])) === String(split.outputs) &&
    slices.every((slice) => slice.op === 'Slice' && keepsChannels(slice, graph)) &&
    [...split.outputs, ...phases].every((id) => graph.uses(id) === 1);
  if (!fits) return undefined;
  const whole = apply(split.inputs[0], affine, graph);
  if (whole === undefined) return undefined;
  const parts = graph.addLike(split.outputs, { ...split, inputs: [whole, ...split.inputs.slice(1)] });
  const sliced = slices.flatMap((slice, i) =>
    graph.addLike(slice.outputs, { ...slice, inputs: [parts[i], ...slice.inputs.slice(1)] }),
  );
  return graph.addLike(node.outputs, { ...node, inputs: [...sliced, ...node.inputs.slice(-1)] })[0];
}

/** The first number of a node's last input, where that is a constant: the axis of a concat. */
function lastInteger({ inputs }: GraphNode, graph: Rewriter): number | undefined {
  const last = inputs.at(-1);
  return last === undefined ? undefined : graph.integers(last)?.[0];
}

const keepsChannels = ({ inputs, outputs }: GraphNode, graph: Rewriter): boolean =>
  graph.shape(inputs[0]).at(-1) === graph.shape(outputs[0]).at(-1);

/** outer(inner(x)). */
function compose(outer: Affine, inner: Affine): Affine {
  const { scale, offset } = outer;
  const scaled = (values: Float32Array | undefined) =>
    values && scale ? values.map((value, i) => value * scale[i]) : values;
  const moved = scaled(inner.offset);
  return {
    scale: inner.scale ? scaled(inner.scale) : scale,
    offset: moved && offset ? moved.map((value, i) => value + offset[i]) : (moved ?? offset),
  };
}

function repeat({ scale, offset }: Affine, copies: number): Affine {
  const repeated = (values: Float32Array | undefined) =>
    values && Float32Array.from({ length: values.length * copies }, (_, i) => values[i % values.length]);
  return { scale: repeated(scale), offset: repeated(offset) };
}

/**
 * A convolution's kernel times a factor for each filter, its last axis. Where the kernel is computed from a smaller
 * one, as for upsampling, the smaller one is scaled, so that it stays the one to be stored.
 *
 * @returns undefined where the kernel depends on the graph's inputs.
 */
function scaleKernel(kernel: ValueId, scale: Float32Array, graph: Rewriter): ValueId | undefined {
  return new KernelScaler(graph).scale(kernel, scale);
}

class KernelScaler {
  readonly #graph: Rewriter;
  /** Outputs of the scaled nodes: a kernel that is used in several places is scaled once. */
  readonly #done = new Map<string, readonly ValueId[] | undefined>();

  constructor(graph: Rewriter) {
    this.#graph = graph;
  }

  scale(id: ValueId, scale: Float32Array): ValueId | undefined {
    const node = this.#graph.producer(id);
    const outputs = this.#once(`${node ? node.outputs : id}: ${scale.join()}`, () =>
      node ? this.#scaleNode(node, scale) : this.#scaleConstant(id, scale),
    );
    return outputs?.[node ? node.outputs.indexOf(id) : 0];
  }

  #once(key: string, make: () => readonly ValueId[] | undefined): readonly ValueId[] | undefined {
    if (!this.#done.has(key)) this.#done.set(key, make());
    return this.#done.get(key);
  }

  #scaleConstant(id: ValueId, scale: Float32Array): readonly ValueId[] | undefined {
    const constant = this.#graph.constants.get(id);
    if (!(constant?.data instanceof Float32Array)) return undefined;
    const data = constant.data.map((value, i) => value * scale[i % scale.length]);
    return [this.#graph.constant({ ...constant, data })];
  }

  #scaleNode(node: GraphNode, scale: Float32Array): readonly ValueId[] | undefined {
    const graph = this.#graph;
    const { op, inputs, outputs } = node;
    const rank = graph.shape(outputs[0]).length;
    const remake = (scaled: readonly (ValueId | undefined)[], rest: readonly ValueId[]) => {
      const known = scaled.filter((id) => id !== undefined);
      if (known.length < scaled.length) return undefined;
      return graph.addLike(outputs, { ...node, inputs: [...known, ...rest] });
    };
    const axis = lastInteger(node, graph);
    switch (op) {
      case 'AddV2':
        return remake(
          inputs.map((id) => this.scale(id, scale)),
          [],
        );
      case 'SplitV':
        return axis === rank - 1 ? undefined : remake([this.scale(inputs[0], scale)], inputs.slice(1));
      case 'ConcatV2': {
        let begin = 0;
        const parts = inputs.slice(0, -1).map((id) => {
          if (axis !== rank - 1) return this.scale(id, scale);
          const end = begin + (graph.shape(id).at(-1) ?? 0);
          const part = this.scale(id, scale.subarray(begin, end));
          begin = end;
          return part;
        });
        return remake(parts, inputs.slice(-1));
      }
      default:
        return undefined;
    }
  }
}
