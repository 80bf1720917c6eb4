import type { Graph, GraphNode, GraphValue, ValueId } from '../graph.ts';

/**
 * A graph whose means over several axes are taken over one axis after the other, the last first. TF.js on WebAssembly
 * adds numbers up one by one: over all pixels of a picture at once that would lose too many of float32's digits.
 */
export function meansByAxes(graph: Graph): Graph {
  const values = new Map(graph.values);
  const constants = new Map(graph.constants);
  let next = Math.max(-1, ...values.keys()) + 1;
  const define = (value: GraphValue): ValueId => {
    values.set(next, value);
    return next++;
  };
  const axisConstants = new Map<number, ValueId>();
  const axisConstant = (axis: number): ValueId => {
    const known = axisConstants.get(axis);
    if (known !== undefined) return known;
    const id = define({ type: 'int32', shape: [1] });
    constants.set(id, { shape: [1], data: Int32Array.of(axis) });
    axisConstants.set(axis, id);
    return id;
  };
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [x, axesId] = node.inputs as [ValueId, ValueId];
    const axes = constants.get(axesId)?.data;
    if (node.op !== 'Mean' || node.attributes.keep_dims !== true || !axes || axes.length < 2) return [node];
    let input = x;
    return [...axes]
      .sort((a, b) => b - a)
      .map((axis, i) => {
        const { type, shape } = values.get(input)!;
        const last = i === axes.length - 1;
        const output = last
          ? node.outputs[0]
          : define({ type, shape: shape.map((size, place) => (place === axis ? 1 : size)) });
        const inputs = [input, axisConstant(axis)];
        input = output;
        return { ...node, inputs, outputs: [output] };
      });
  });
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.values()]);
  return { ...graph, values, constants: new Map([...constants].filter(([id]) => used.has(id))), nodes };
}
