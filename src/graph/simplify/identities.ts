import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { removeDeadCode } from './dead-code.ts';
import { type Rewriter, rewrite } from './rewrite.ts';

/**
 * Removes what changes nothing: sums with 0, products with 1, casts to the same type, slices and tiles of everything,
 *XX
 */
export function removeIdentities(graph: Graph): Graph {
  return removeDeadCode(
    rewrite(graph, (node, rewriter) => {
      const same = unchanged(node, rewriter);
      return same === undefined ? renamed(node, rewriter) : [same];
    }),
  );
}

/** The input that a node passes on as it is. */
function unchanged({ op, inputs, outputs }: GraphNode, graph: Rewriter): ValueId | undefined {
  const [x, y] = inputs as [ValueId, ValueId];
  const shape = String(graph.shape(outputs[0]));
  const keepsShape = (id: ValueId) => String(graph.shape(id)) === shape;
  const filled = (id: ValueId, number: number) =>
    graph.constants.get(id)?.data.every((value) => value === number) ?? false;
  switch (op) {
    case 'Identity':
    case 'Snapshot':
      return x;
    case 'Cast':
      return graph.values.get(x)!.type === graph.values.get(outputs[0])!.type ? x : undefined;
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
  const { shape, type } = graph.values.get(outputs[0])!;
  const [x, y] = inputs as [ValueId, ValueId];
  if (op === 'ExpandDims' || op === 'Squeeze') return [asReshape(x, outputs[0], graph)];
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

/** A change of shape as a Reshape, which leaves at most the batch open. */
function asReshape(x: ValueId, output: ValueId, graph: Rewriter): ValueId {
  const { shape, type } = graph.values.get(output)!;
  const sizes = graph.constant({
    shape: [shape.length],
    data: Int32Array.from(shape, (size) => size ?? -1),
  });
  return graph.add('Reshape', {}, [x, sizes], shape, type);
}
