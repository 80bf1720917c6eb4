/** What a {@link Graph} leaves out of its operations' attributes because it follows from the values and the names. */
import type { Graph, GraphNode, GraphType, ValueId } from './graph.ts';

/**
 * For each operation the input whose type an attribute names, counted from the end where negative, or `output` for the first
 * output's. Operations that are not listed have `T`, the type of their first input.
 */
const TYPE_ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, number | 'output'>>>> = {
  BatchMatMulV2: { T: 0 },
  BroadcastTo: { T: 0, Tidx: 1 },
  Cast: { SrcT: 0, DstT: 'output' },
  ConcatV2: { T: 0, Tidx: -1 },
  ExpandDims: { T: 0, Tdim: 1 },
  Fill: { T: 1, index_type: 0 },
  GatherV2: { Tparams: 0, Tindices: 1, Taxis: 2 },
  LogicalAnd: {},
  LogicalNot: {},
  LogicalOr: {},
  Mean: { T: 0, Tidx: 1 },
  MirrorPad: { T: 0, Tpaddings: 1 },
  PadV2: { T: 0, Tpaddings: 1 },
  Range: { Tidx: 0 },
  Reshape: { T: 0, Tshape: 1 },
  Select: { T: 1 },
  SelectV2: { T: 1 },
  Slice: { T: 0, Index: 1 },
  SplitV: { T: 0, Tlen: 1 },
  StridedSlice: { T: 0, Index: 1 },
  Sum: { T: 0, Tidx: 1 },
  Tile: { T: 0, Tmultiples: 1 },
  Transpose: { T: 0, Tperm: 1 },
};

/** The type attributes of a node by name. */
export function typeAttributes(graph: Graph, { op, inputs, outputs }: GraphNode): Record<string, GraphType> {
  const types = (ids: readonly ValueId[]) => ids.map((id) => graph.type(id));
  return typesOf(op, types(inputs), types(outputs));
}

/** The type attributes of an operation by name, from the types of its inputs and outputs. */
export function typesOf<Type>(
  op: string,
  inputs: readonly Type[],
  outputs: readonly Type[],
): Record<string, Type> {
  const attributes = Object.entries(TYPE_ATTRIBUTES[op] ?? { T: 0 }).map(([name, place]) => {
    const type = place === 'output' ? outputs[0] : inputs.at(place);
    if (type === undefined) throw new Error(`${op} has no input ${place}, which has the type ${name}`);
    return [name, type] as const;
  });
  return Object.fromEntries(attributes);
}

const FLOATS = new Set(['alpha', 'beta', 'bias', 'epsilon', 'leakyrelu_alpha']);

/** Whether an attribute's number has a fraction; TensorFlow tells such numbers from whole ones. */
export const isFloatAttribute = (name: string): boolean => FLOATS.has(name);
