/** Rules that look at one operation and those just before it. */
import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/**
 * Removes what changes nothing: sums with 0, products with 1, casts to the same type, slices and tiles of everything.
 * Gives operations that do the same one name, so that later rules know them.
 */
export function removeIdentities(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const same = unchanged(node, rewriter);
    return same === undefined ? renamed(node, rewriter) : [same];
  });
}

/** The input that a node passes on as it is. */
function unchanged({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId | undefined {
  const [x, y] = inputs;
  const shape = String(graph.shape(outputs[0]));
  const keepsShape = (id: ValueId) => String(graph.shape(id)) === shape;
  const filled = (id: ValueId, number: number) =>
    graph.constants.get(id)?.data.every((value) => value === number) ?? false;
  switch (op) {
    case 'Identity':
    case 'Snapshot':
      return x;
    case 'Cast':
      return graph.type(x) === graph.type(outputs[0]) ? x : undefined;
    case 'Reshape':
    case 'Slice':
    case 'Tile':
      return keepsShape(x) ? x : undefined;
    case 'ConcatV2':
      return inputs.length === 2 ? x : undefined;
    case 'SplitV':
      return outputs.length === 1 ? x : undefined;
    case 'Add':
    case 'AddV2':
    case 'Mul': {
      const neutral = op === 'Mul' ? 1 : 0;
      if (keepsShape(x) && filled(y, neutral)) return x;
      return keepsShape(y) && filled(x, neutral) ? y : undefined;
    }
    case 'BiasAdd':
    case 'Sub':
      return keepsShape(x) && filled(y, 0) ? x : undefined;
    case 'RealDiv':
      return keepsShape(x) && filled(y, 1) ? x : undefined;
    default:
      return undefined;
  }
}

function renamed(node: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const { op, inputs, outputs } = node;
  const [x, y] = inputs;
  const [shape, type] = [graph.shape(outputs[0]), graph.type(outputs[0])];
  if (op === 'ExpandDims' || op === 'Squeeze') return [graph.reshape(x, shape)];
  if (op === 'Add') return [graph.add('AddV2', {}, inputs, shape, type)];
  if (op === 'BatchMatMulV2' && graph.shape(x).length === 2 && graph.shape(y).length === 2) {
    const { adj_x, adj_y } = node.attributes as { adj_x: boolean; adj_y: boolean };
    return [graph.add('MatMul', { transpose_a: adj_x, transpose_b: adj_y }, inputs, shape)];
  }
  const before = graph.producer(x);
  if (op === 'Reshape' && before?.op === 'Reshape')
    return [graph.add('Reshape', {}, [before.inputs[0], y], shape, type)];
  return undefined;
}

/**
 * Dense layers as products of matrices: TF.js writes them as products of stacks of one matrix, [1,n,k] · [1,k,m], with
 * reshapes around each.
 */
export function flattenMatrixProducts(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => productOfOne(node, rewriter) ?? sumOfReshaped(node, rewriter));
}

/** [1,n,k] · [1,k,m], the second constant, as a product of matrices. */
function productOfOne({ op, inputs, attributes }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const [x, y] = inputs;
  const weight = graph.constants.get(y);
  if (op !== 'BatchMatMulV2' || attributes.adj_x || attributes.adj_y || !weight) return undefined;
  const [one, n, k] = graph.shape(x);
  const [alsoOne, kernelRows, m] = weight.shape;
  if (graph.shape(x).length !== 3 || weight.shape.length !== 3 || one !== 1 || alsoOne !== 1)
    return undefined;
  const matrix = graph.reshape(x, [n, k]);
  const weights = graph.constant({ ...weight, shape: [kernelRows, m] });
  const product = graph.add('MatMul', { transpose_a: false, transpose_b: false }, [matrix, weights], [n, m]);
  return [graph.reshape(product, [1, n, m])];
}

/** reshape(x) + constant [c] as reshape(x + constant), where the last dimension is the same before and after. */
function sumOfReshaped({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const [x, offset] = inputs;
  const before = graph.producer(x);
  if (op !== 'AddV2' || before?.op !== 'Reshape' || !graph.constants.has(offset)) return undefined;
  const source = before.inputs[0];
  const size = graph.shape(source).at(-1);
  if (String(graph.shape(offset)) !== String([size]) || graph.shape(x).at(-1) !== size) return undefined;
  const sum = graph.add('AddV2', {}, [source, offset], graph.shape(source));
  return [graph.add('Reshape', {}, [sum, before.inputs[1]], graph.shape(outputs[0]))];
}

/**
 * Sums over height and width that are written as products with ones (`channelSums` in ops/normalize.ts) become `Sum`,
 * and those divided by the number of pixels `Mean`, [n,h,w,c] → [n,1,1,c] each.
 */
export function recogniseChannelMeans(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => channelSum(node, rewriter) ?? mean(node, rewriter));
}

function channelSum({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  if (op !== 'Reshape') return undefined;
  const product = graph.producer(inputs[0]);
  if (product?.op !== 'BatchMatMulV2' || product.attributes.adj_x || product.attributes.adj_y)
    return undefined;
  const [ones, flat] = product.inputs;
  const flattening = graph.producer(flat);
  if (flattening?.op !== 'Reshape' || !graph.constants.get(ones)?.data.every((value) => value === 1))
    return undefined;
  const x = flattening.inputs[0];
  const [n, h, w, c] = graph.shape(x);
  if (h === null || w === null) return undefined;
  const fits =
    graph.shape(x).length === 4 &&
    String(graph.shape(flat)) === String([n, h * w, c]) &&
    String(graph.shape(ones)) === String([1, 1, h * w]) &&
    String(graph.shape(outputs[0])) === String([n, 1, 1, c]);
  if (!fits) return undefined;
  const axes = graph.constant({ shape: [2], data: Int32Array.of(1, 2) });
  return [graph.add('Sum', { keep_dims: true }, [x, axes], [n, 1, 1, c])];
}

function mean({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const sum = graph.producer(inputs[0]);
  const divisor = graph.constants.get(inputs[1])?.data;
  if (op !== 'RealDiv' || sum?.op !== 'Sum' || divisor?.length !== 1) return undefined;
  const shape = graph.shape(sum.inputs[0]);
  const axes = graph.integers(sum.inputs[1]);
  const count = axes?.reduce((product, axis) => product * (shape[axis] ?? Number.NaN), 1);
  if (count !== divisor[0]) return undefined;
  return [graph.add('Mean', sum.attributes, sum.inputs, graph.shape(outputs[0]))];
}
