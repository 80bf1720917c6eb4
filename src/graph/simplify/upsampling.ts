/**
 * Upsampling convolutions with 9 multiplications where the traced form (ops/convolution/upsampling.ts) has 16, and a plain
 * convolution of the large image 36.
 *
 * Along one axis a kernel a, b, c sees the border between two small pixels u and v twice: the large pixel before it becomes
 * (a + b) u + c v, the one after it a u + (b + c) v. With S = (a + b/2) u + (c + b/2) v and D = b/2 (v - u) these are S - D
 * and S + D: three products instead of four, of an image and of its differences. Along both axes that makes 9 of 16, and
 * the kernels of the four convolutions have 9 taps together, as the original one.
 */
import { type Tensor, tf } from '../../ops/tf.ts';
import type { Graph, GraphConstant, GraphNode, GraphShape, ValueId } from '../graph.ts';
import { evaluateConstant } from './fold-constants.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/** Makes four smaller convolutions of every upsampling convolution whose kernel is constant. */
export function reduceUpsampling(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const found = matchUpsampling(node, rewriter);
    if (!found) return undefined;
    const kernels = splitKernel(evaluateConstant(graph, found.convolution.inputs[1]));
    return kernels && [emit(found, kernels, graph.shape(node.outputs[0]), rewriter)];
  });
}

/** An upsampling convolution as it is traced. */
interface Upsampling {
  /** Conv2D of the small image with the four phases as groups of channels. Its kernel is [2,2,c,4f]. */
  readonly convolution: GraphNode;
  /** Numbers that are added to the 4f channels. */
  readonly bias: GraphConstant | undefined;
}

/** The four phases are split, cut to the places where they lie in the large image, and interleaved. */
function matchUpsampling(node: GraphNode, graph: Rewriter): Upsampling | undefined {
  const made = (id: ValueId | undefined, op: string): GraphNode | undefined => {
    const producer = id === undefined ? undefined : graph.producer(id);
    return producer?.op === op ? producer : undefined;
  };
  if (node.op !== 'DepthToSpace' || node.attributes.block_size !== 2) return undefined;
  const slices = made(node.inputs[0], 'ConcatV2')?.inputs.slice(0, -1) ?? [];
  const split = made(made(slices[0], 'Slice')?.inputs[0], 'SplitV');
  if (split?.outputs.length !== 4 || slices.length !== 4) return undefined;
  const fits = slices.every((id, phase) => {
    const slice = made(id, 'Slice');
    const begin = slice && graph.integers(slice.inputs[1]);
    return slice?.inputs[0] === split.outputs[phase] && String(begin) === `0,${phase >> 1},${phase & 1},0`;
  });
  const sum = made(split.inputs[0], 'BiasAdd');
  const convolution = made(sum ? sum.inputs[0] : split.inputs[0], 'Conv2D');
  if (!fits || !convolution) return undefined;
  const [height, width] = graph.shape(convolution.inputs[1]);
  const { strides, dilations } = convolution.attributes;
  const isPlain = [strides, dilations].every((sizes) => String(sizes) === '1,1,1,1');
  const bias = sum && graph.constants.get(sum.inputs[1]);
  const repeats = bias?.data.every((value, i, { length }) => value === bias.data[i % (length / 4)]) ?? !sum;
  return height === 2 && width === 2 && isPlain && repeats ? { convolution, bias } : undefined;
}

/** Kernels for the small image and its differences, without one tap along each difference: [2,2,c,f] to [1,1,c,f]. */
type Kernels<T> = Readonly<Record<'image' | 'byRows' | 'byColumns' | 'byBoth', T>>;

/** Numbers that differ by no more than this part of the largest are equal but for rounding. */
const ROUNDING = 1e-5;

/** @param folded [2,2,c,4f]. @returns undefined where its phases are not those of one 3×3 kernel. */
function splitKernel(folded: GraphConstant): Kernels<GraphConstant> | undefined {
  const kernels = tf.tidy(() => {
    const phases = tf.split(tf.tensor(folded.data, [...folded.shape]), 4, 3);
    const [left, right] = [halves(phases[0], phases[2], 0), halves(phases[1], phases[3], 0)];
    const sums = halves(left.sum, right.sum, 1);
    const differences = halves(left.difference, right.difference, 1);
    const residue = Math.max(left.residue, right.residue, sums.residue, differences.residue);
    if (residue > ROUNDING * largest(phases[0])) return undefined;
    return {
      image: sums.sum,
      byRows: differences.sum,
      byColumns: sums.difference,
      byBoth: differences.difference,
    };
  });
  if (!kernels) return undefined;
  const stored = (kernel: Tensor): GraphConstant => {
    const data = kernel.dataSync() as Float32Array;
    kernel.dispose();
    return { ...folded, shape: kernel.shape, data };
  };
  return {
    image: stored(kernels.image),
    byRows: stored(kernels.byRows),
    byColumns: stored(kernels.byColumns),
    byBoth: stored(kernels.byBoth),
  };
}

/**
 * The taps of S, and the one number of D, of the two taps along an axis that even and odd pixels of the large image see.
 * Both pairs must add up to the same: `residue` is by how much they do not.
 */
function halves(even: Tensor, odd: Tensor, axis: 0 | 1) {
  const difference = tf.mul(tf.sub(even, odd), 0.5);
  return {
    sum: tf.mul(tf.add(even, odd), 0.5),
    difference: tf.split(difference, 2, axis)[1],
    residue: largest(tf.sum(difference, axis)),
  };
}

const largest = (values: Tensor): number => tf.max(tf.abs(values)).dataSync()[0];

/** @param shape [n,2h,2w,f] of the result. */
function emit(
  { convolution, bias }: Upsampling,
  kernels: Kernels<GraphConstant>,
  shape: GraphShape,
  graph: Rewriter,
): ValueId {
  const { attributes: window, inputs, outputs } = convolution;
  const [x] = inputs;
  const [n, h, w] = graph.shape(outputs[0]) as [null, number, number];
  const [, , channels, filters] = kernels.image.shape;
  const { explicit_paddings: _, ...rest } = window;
  const inside: GraphNode['attributes'] = { ...rest, padding: 'VALID' };

  /** What each pixel has more than the one before it, along height or width. */
  const differences = (of: ValueId, taps: [2, 1] | [1, 2], size: [number, number], attributes = inside) => {
    const data = Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? -1 : 1));
    const kernel = graph.constant({ shape: [...taps, channels, 1], data });
    return graph.add('DepthwiseConv2dNative', attributes, [of, kernel], [n, ...size, channels]);
  };
  const rows = differences(x, [2, 1], [h, w + 1], window);
  const columns = differences(x, [1, 2], [h + 1, w], window);
  const both = differences(rows, [1, 2], [h, w]);

  const result: GraphShape = [n, h, w, filters];
  const convolve = (of: ValueId, kernel: GraphConstant, attributes = inside) =>
    graph.add('Conv2D', attributes, [of, graph.constant(kernel)], result);
  const byRows = convolve(rows, kernels.byRows);
  const byColumns = convolve(columns, kernels.byColumns);
  const byBoth = convolve(both, kernels.byBoth);
  let whole = convolve(x, kernels.image, window);
  if (bias) {
    const own = graph.constant({ ...bias, shape: [filters], data: bias.data.slice(0, filters) });
    whole = graph.add('BiasAdd', { data_format: 'NHWC' }, [whole, own], result);
  }

  // The four large pixels around each corner of small ones: those before the border get S - D, those after it S + D.
  const before = (sum: ValueId, difference: ValueId) => graph.add('Sub', {}, [sum, difference], result);
  const after = (sum: ValueId, difference: ValueId) => graph.add('AddV2', {}, [sum, difference], result);
  const phases = [before, after].flatMap((vertical) => {
    const [sum, difference] = [vertical(whole, byRows), vertical(byColumns, byBoth)];
    return [before(sum, difference), after(sum, difference)];
  });
  const axis = graph.constant({ shape: [], data: Int32Array.of(3) });
  const together = graph.add('ConcatV2', { N: 4 }, [...phases, axis], [n, h, w, 4 * filters]);
  const interleaving = { block_size: 2, data_format: 'NHWC' };
  const framed = graph.add('DepthToSpace', interleaving, [together], [n, 2 * h, 2 * w, filters]);
  // Outermost are pixels beyond the border of the large image.
  const integers = (...values: number[]) => graph.constant({ shape: [4], data: Int32Array.from(values) });
  const size = integers(-1, 2 * h - 2, 2 * w - 2, filters);
  return graph.add('Slice', {}, [framed, integers(0, 1, 1, 0), size], shape);
}
