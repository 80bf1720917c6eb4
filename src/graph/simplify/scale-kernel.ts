import type { GraphNode, ValueId } from '../graph.ts';
import type { Rewriter } from './rewrite.ts';

/**
 * A convolution's kernel times a factor for each filter, its last axis. Where the kernel is computed from a smaller
 * one, as for upsampling, the smaller one is scaled, so that it stays the one to be stored.
 *
 * @returns undefined where the kernel depends on the graph's inputs.
 */
export function scaleKernel(kernel: ValueId, scale: Float32Array, graph: Rewriter): ValueId | undefined {
  return new KernelScaler(graph).scale(kernel, scale);
}

class KernelScaler {
  readonly #graph: Rewriter;
  /** What is done already: the parts of a kernel are used several times. */
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
    const { op, attributes, inputs, outputs } = node;
    const rank = graph.shape(outputs[0]).length;
    const remake = (scaled: readonly (ValueId | undefined)[], rest: readonly ValueId[]) => {
      const known = scaled.filter((id) => id !== undefined);
      if (known.length < scaled.length) return undefined;
      const values = outputs.map((id) => graph.values.get(id)!);
      return graph.addNode(op, attributes, [...known, ...rest], values);
    };
    const axis = graph.integers(op === 'SplitV' ? inputs[2] : inputs.at(-1)!)?.[0];
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
          const end = begin + graph.shape(id).at(-1)!;
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
