import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { removeDeadCode } from './dead-code.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/**
 * Sums over height and width that are written as products with ones (`channelSums` in runtime/ops.ts) become `Sum`,
 * and those divided by the number of pixels `Mean`, [n,h,w,c] → [n,1,1,c] each.
 */
export function recogniseChannelMeans(graph: Graph): Graph {
  return removeDeadCode(
    rewrite(graph, (node, rewriter) => channelSum(node, rewriter) ?? mean(node, rewriter)),
  );
}

function channelSum({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId[] | undefined {
  if (op !== 'Reshape') return undefined;
  const product = graph.producer(inputs[0]);
  if (product?.op !== 'BatchMatMulV2' || product.attributes.adj_x || product.attributes.adj_y)
    return undefined;
  const [ones, flat] = product.inputs as [ValueId, ValueId];
  const flattening = graph.producer(flat);
  if (flattening?.op !== 'Reshape' || !graph.constants.get(ones)?.data.every((value) => value === 1))
    return undefined;
  const x = flattening.inputs[0];
  const [n, h, w, c] = graph.shape(x);
  const fits =
    graph.shape(x).length === 4 &&
    String(graph.shape(flat)) === String([n, h! * w!, c]) &&
    String(graph.shape(ones)) === String([1, 1, h! * w!]) &&
    String(graph.shape(outputs[0])) === String([n, 1, 1, c]);
  if (!fits) return undefined;
  const axes = graph.constant({ shape: [2], data: Int32Array.of(1, 2) });
  return [graph.add('Sum', { keep_dims: true }, [x, axes], [n!, 1, 1, c!])];
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
