import { tf } from '../../ops/tf.ts';
import { evaluateGraph } from '../evaluate.ts';
import type { Graph, GraphConstant, GraphType, ValueId } from '../graph.ts';
import { removeDeadCode } from './dead-code.ts';
import { minimumVertexCut } from './minimum-cut.ts';
import { rewrite } from './rewrite.ts';

/** Below this size it does not matter whether a value is stored, bytes. */
const SMALL = 4096;

/**
 * Computes what does not depend on the inputs and stores it, unless that takes more room than what it is made from:
 * then the smaller things are stored and the nodes that compute the larger stay. Of all values that could be stored
 * those are, from which everything can be computed and which are smallest together.
 */
export function foldConstants(graph: Graph): Graph {
  const known = constantValues(graph);
  const nodes = graph.nodes.filter(({ outputs }) => known.has(outputs[0]));
  if (nodes.length === 0) return graph;
  const frontier = new Set([
    ...graph.nodes.filter(({ outputs }) => !known.has(outputs[0])).flatMap(({ inputs }) => inputs),
    ...graph.outputs.values(),
  ]);
  const ids = [...known];
  const vertex = new Map(ids.map((id, i) => [id, i]));
  const stored = minimumVertexCut({
    weights: ids.map((id) => storageCost(graph, id)),
    edges: nodes.flatMap(({ inputs, outputs }) =>
      inputs.flatMap((from) => outputs.map((to) => [vertex.get(from)!, vertex.get(to)!] as const)),
    ),
    sources: [...graph.constants.keys()].map((id) => vertex.get(id)!),
    sinks: ids.filter((id) => frontier.has(id)).map((id) => vertex.get(id)!),
  }).map((i) => ids[i]);
  const computed = compute(
    graph,
    stored.filter((id) => !graph.constants.has(id)),
  );
  return removeDeadCode(
    rewrite(graph, ({ op, attributes, inputs, outputs }, rewriter) => {
      if (!outputs.some((id) => computed.has(id))) return undefined;
      const rest = () =>
        rewriter.addNode(
          op,
          attributes,
          inputs,
          outputs.map((id) => graph.values.get(id)!),
        );
      const others = outputs.every((id) => computed.has(id)) ? [] : rest();
      return outputs.map((id, i) => {
        const constant = computed.get(id);
        return constant ? rewriter.constant(constant) : others[i];
      });
    }),
  );
}

/** Constants, and what is computed from them alone. */
function constantValues({ constants, nodes }: Graph): Set<ValueId> {
  const known = new Set(constants.keys());
  for (const { inputs, outputs } of nodes)
    if (inputs.every((id) => known.has(id))) for (const id of outputs) known.add(id);
  return known;
}

const bytesPerElement: Record<GraphType, number> = { float32: 4, int32: 4, bool: 1 };

function storageCost({ values }: Graph, id: ValueId): number {
  const { type, shape } = values.get(id)!;
  const bytes = shape.reduce<number>((product, side) => product * side!, bytesPerElement[type]);
  return bytes <= SMALL ? 0 : bytes;
}

function compute(graph: Graph, ids: readonly ValueId[]): Map<ValueId, GraphConstant> {
  const results = evaluateGraph(
    removeDeadCode({ ...graph, inputs: new Map(), outputs: new Map(ids.map((id) => [String(id), id])) }),
  );
  const constants = ids.map((id) => {
    const { shape } = results[String(id)];
    const data = results[String(id)].dataSync();
    return [id, { shape: [...shape], data, ...nameOf(graph, id) }] as const;
  });
  tf.dispose(results);
  return new Map(constants);
}

/** A value computed from one weight, and otherwise from nameless constants or smaller weights, has the weight's name. */
function nameOf(graph: Graph, id: ValueId): { name?: string | undefined } {
  const { constants } = removeDeadCode({ ...graph, inputs: new Map(), outputs: new Map([['', id]]) });
  const named = [...constants.values()].filter(({ name }) => name !== undefined);
  const largest = named.sort((a, b) => b.data.length - a.data.length)[0];
  return largest ? { name: largest.name } : {};
}
