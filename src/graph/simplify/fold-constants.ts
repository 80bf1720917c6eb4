import { tf } from '../../ops/tf.ts';
import { evaluateGraph } from '../evaluate.ts';
import {
  type Graph,
  type GraphConstant,
  type GraphNode,
  type GraphType,
  lookUp,
  type ValueId,
} from '../graph.ts';
import { rewrite } from './rewrite.ts';

/** Values of so few bytes count as free: it does not matter whether they are stored. */
const SMALL = 4096;

/**
 * Computes what does not depend on the inputs and stores it, unless that takes more room than what it is made from:
 * then the smaller things are stored and the nodes that compute the larger stay. The nodes that work on one weight are
 * computed in their order up to the place where least must be stored for what follows.
 */
export function foldConstants(graph: Graph): Graph {
  const known = constantValues(graph);
  const constantNodes = graph.nodes.filter(({ outputs }) => known.has(outputs[0]));
  if (constantNodes.length === 0) return graph;
  const uses = graph.useCounts();
  const stored = groupsByWeight(graph, constantNodes).flatMap((nodes) => leastStored(graph, nodes, uses));
  const computed = compute(graph, stored);
  return rewrite(graph, (node, rewriter) => {
    const { outputs } = node;
    if (!outputs.some((id) => computed.has(id))) return undefined;
    const others = outputs.every((id) => computed.has(id)) ? [] : rewriter.addLike(outputs, node);
    return outputs.map((id, i) => {
      const constant = computed.get(id);
      return constant ? rewriter.constant(constant) : others[i];
    });
  });
}

/** Constants, and what is computed from them alone. */
function constantValues({ constants, nodes }: Graph): Set<ValueId> {
  const known = new Set(constants.keys());
  for (const { inputs, outputs } of nodes)
    if (inputs.every((id) => known.has(id))) for (const id of outputs) known.add(id);
  return known;
}

/** The nodes in groups that share no large value, so that each group can be decided by itself. Keeps the nodes' order. */
function groupsByWeight(graph: Graph, nodes: readonly GraphNode[]): GraphNode[][] {
  const groups = new Map<ValueId, GraphNode[]>();
  const all = new Set<GraphNode[]>();
  for (const node of nodes) {
    const ids = [...node.inputs, ...node.outputs].filter((id) => storageCost(graph, id) > 0);
    const joined = new Set(ids.flatMap((id) => [groups.get(id) ?? []]));
    const group = [...[...joined].flat(), node];
    for (const old of joined) all.delete(old);
    all.add(group);
    for (const { inputs, outputs } of group) for (const id of [...inputs, ...outputs]) groups.set(id, group);
  }
  return [...all].map((group) => nodes.filter((node) => group.includes(node)));
}

/**
 * The values to store of those that some nodes compute, so that what is stored for them and for whatever follows is
 * smallest: after each node there are values that are still to be used, and the best place to stop is where these take
 * the least room.
 */
function leastStored(
  graph: Graph,
  nodes: readonly GraphNode[],
  uses: ReadonlyMap<ValueId, number>,
): ValueId[] {
  const left = new Map(uses);
  const live = new Set(nodes.flatMap(({ inputs }) => inputs).filter((id) => graph.constants.has(id)));
  const size = () => [...live].reduce((sum, id) => sum + storageCost(graph, id), 0);
  let least = size();
  let stored: ValueId[] = [];
  for (const { inputs, outputs } of nodes) {
    for (const id of outputs) if (left.has(id)) live.add(id);
    for (const id of inputs) {
      left.set(id, lookUp(left, id) - 1);
      if (left.get(id) === 0) live.delete(id);
    }
    // Of places that are equally good the last, which leaves the fewest nodes.
    if (size() > least) continue;
    least = size();
    stored = [...live].filter((id) => !graph.constants.has(id));
  }
  return stored;
}

const bytesPerElement: Record<GraphType, number> = { float32: 4, int32: 4, bool: 1 };

/** Bytes of a value whose shape is known, or 0 where they are few. */
function storageCost(graph: Graph, id: ValueId): number {
  const elements = graph.shape(id).reduce<number>((product, side) => product * (side ?? Number.NaN), 1);
  const bytes = elements * bytesPerElement[graph.type(id)];
  return bytes <= SMALL ? 0 : bytes;
}

/** A value that does not depend on the inputs. */
export function evaluateConstant(graph: Graph, id: ValueId): GraphConstant {
  return graph.constants.get(id) ?? lookUp(compute(graph, [id]), id);
}

function compute(graph: Graph, ids: readonly ValueId[]): Map<ValueId, GraphConstant> {
  const outputs = new Map(ids.map((id) => [String(id), id]));
  const results = evaluateGraph(graph.with({ inputs: new Map(), outputs }).withoutDeadCode());
  const constants = ids.map((id) => {
    const result = results[String(id)];
    return [id, { shape: [...result.shape], data: result.dataSync(), ...nameOf(graph, id) }] as const;
  });
  tf.dispose(results);
  return new Map(constants);
}

/** A value computed from one weight, and otherwise from nameless constants or smaller weights, has the weight's name. */
function nameOf(graph: Graph, id: ValueId): { name?: string } {
  const { constants } = graph.with({ inputs: new Map(), outputs: new Map([['', id]]) }).withoutDeadCode();
  const named = [...constants.values()].filter(({ name }) => name !== undefined);
  const largest = named.sort((a, b) => b.data.length - a.data.length)[0];
  return largest?.name === undefined ? {} : { name: largest.name };
}
