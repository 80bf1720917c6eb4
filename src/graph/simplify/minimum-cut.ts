/** A directed graph whose vertices have weights. */
export interface WeightedGraph {
  /** Weight of every vertex; Infinity for one that must not be cut. */
  readonly weights: readonly number[];
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly sources: readonly number[];
  readonly sinks: readonly number[];
}

/**
 * The vertices of least weight in all that every path from a source to a sink passes one of; sources and sinks may be
 * among them. Of several such sets it is the one nearest to the sinks. (Maximum flow with every vertex split in two,
 * Ford & Fulkerson 1956, by shortest augmenting paths.)
 */
export function minimumVertexCut({ weights, edges, sources, sinks }: WeightedGraph): number[] {
  const network = new FlowNetwork(2 * weights.length + 2);
  const [source, sink] = [2 * weights.length, 2 * weights.length + 1];
  const entry = (vertex: number) => 2 * vertex;
  const exit = (vertex: number) => 2 * vertex + 1;
  for (const [vertex, weight] of weights.entries()) network.connect(entry(vertex), exit(vertex), weight);
  for (const [from, to] of edges) network.connect(exit(from), entry(to), Number.POSITIVE_INFINITY);
  for (const vertex of sources) network.connect(source, entry(vertex), Number.POSITIVE_INFINITY);
  for (const vertex of sinks) network.connect(exit(vertex), sink, Number.POSITIVE_INFINITY);
  while (network.augment(source, sink)) {}
  const behind = network.reaching(sink);
  return [...weights.keys()].filter((vertex) => !behind.has(entry(vertex)) && behind.has(exit(vertex)));
}

/** Residual capacities of a flow. An edge and its reverse stand at 2k and 2k + 1. */
class FlowNetwork {
  readonly #to: number[] = [];
  readonly #capacity: number[] = [];
  readonly #leaving: number[][];

  constructor(size: number) {
    this.#leaving = Array.from({ length: size }, () => []);
  }

  connect(from: number, to: number, capacity: number): void {
    for (const [tail, head, amount] of [
      [from, to, capacity],
      [to, from, 0],
    ] as const) {
      this.#leaving[tail].push(this.#to.length);
      this.#to.push(head);
      this.#capacity.push(amount);
    }
  }

  /** Sends what a shortest path can take; false when there is none left. */
  augment(source: number, sink: number): boolean {
    const arrivedBy = new Map<number, number>([[source, -1]]);
    const queue = [source];
    for (let i = 0; i < queue.length && !arrivedBy.has(sink); i++)
      for (const edge of this.#leaving[queue[i]]) {
        const to = this.#to[edge];
        if (this.#capacity[edge] === 0 || arrivedBy.has(to)) continue;
        arrivedBy.set(to, edge);
        queue.push(to);
      }
    if (!arrivedBy.has(sink)) return false;
    const path: number[] = [];
    for (let at = sink; at !== source; at = this.#to[path.at(-1)! ^ 1]) path.push(arrivedBy.get(at)!);
    const amount = path.reduce(
      (least, edge) => Math.min(least, this.#capacity[edge]),
      Number.POSITIVE_INFINITY,
    );
    if (amount === Number.POSITIVE_INFINITY) throw new Error('No cut separates the sources from the sinks');
    for (const edge of path) {
      this.#capacity[edge] -= amount;
      this.#capacity[edge ^ 1] += amount;
    }
    return true;
  }

  /** The vertices from which more could flow to `target`, itself included. */
  reaching(target: number): ReadonlySet<number> {
    const found = new Set([target]);
    for (const vertex of found)
      for (const edge of this.#leaving[vertex]) if (this.#capacity[edge ^ 1] > 0) found.add(this.#to[edge]);
    return found;
  }
}
