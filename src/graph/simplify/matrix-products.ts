import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { removeDeadCode } from './dead-code.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/**
 * Dense layers as products of matrices: TF.js writes them as products of stacks of one matrix, [1,n,k] · [1,k,m], with
 * reshapes around each.
 */
export function flattenMatrixProducts(graph: Graph): Graph {
  return removeDeadCode(
    rewrite(graph, (node, rewriter) => productOfOne(node, rewriter) ?? sumOfReshaped(node, rewriter)),
  );
}

/** [1,n,k] · [1,k,m], the second constant, as a product of matrices. */
function productOfOne({ op, inputs, attributes }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const [x, y] = inputs as [ValueId, ValueId];
  const weight = graph.constants.get(y);
  if (op !== 'BatchMatMulV2' || attributes.adj_x || attributes.adj_y || !weight) return undefined;
  const [one, n, k] = graph.shape(x);
  const [alsoOne, , m] = weight.shape;
  if (graph.shape(x).length !== 3 || weight.shape.length !== 3 || one !== 1 || alsoOne !== 1)
    return undefined;
  const matrix = reshape(graph, x, [n!, k!]);
  const weights = graph.constant({ ...weight, shape: [k!, m] });
  const product = graph.add('MatMul', { transpose_a: false, transpose_b: false }, [matrix, weights], [n!, m]);
  return [reshape(graph, product, [1, n!, m])];
}

/** reshape(x) + constant [c] as reshape(x + constant), where the last dimension is the same before and after. */
function sumOfReshaped({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  const [x, offset] = inputs as [ValueId, ValueId];
  const before = graph.producer(x);
  if (op !== 'AddV2' || before?.op !== 'Reshape' || !graph.constants.has(offset)) return undefined;
  const source = before.inputs[0];
  const size = graph.shape(source).at(-1);
  if (String(graph.shape(offset)) !== String([size]) || graph.shape(x).at(-1) !== size) return undefined;
  const sum = graph.add('AddV2', {}, [source, offset], graph.shape(source));
  return [graph.add('Reshape', {}, [sum, before.inputs[1]], graph.shape(outputs[0]))];
}

function reshape(graph: Rewriter, x: ValueId, shape: readonly (number | null)[]): ValueId {
  const sizes = graph.constant({
    shape: [shape.length],
    data: Int32Array.from(shape, (size) => size ?? -1),
  });
  return graph.add('Reshape', {}, [x, sizes], shape);
}
