import type { Graph } from '../graph.ts';
import { foldChannelAffines } from './channel-affine.ts';
import { recogniseChannelMeans } from './channel-means.ts';
import { removeDeadCode } from './dead-code.ts';
import { foldConstants } from './fold-constants.ts';
import { removeIdentities } from './identities.ts';
import { flattenMatrixProducts } from './matrix-products.ts';
import { mergeConstants, mergeNodes } from './merge-equal.ts';

/** Each gives a graph that computes the same, but for rounding. */
const passes: readonly ((graph: Graph) => Graph)[] = [
  removeDeadCode,
  removeIdentities,
  foldConstants,
  recogniseChannelMeans,
  flattenMatrixProducts,
  foldChannelAffines,
  mergeNodes,
];

/**
 * A smaller and faster graph of the same inputs and outputs: the passes above, again and again while they find
 * something to remove.
 */
export function simplify(graph: Graph): Graph {
  let current = graph;
  let size: number;
  do {
    size = current.nodes.length;
    for (const pass of passes) current = pass(current);
  } while (current.nodes.length < size);
  return mergeNodes(mergeConstants(current));
}
