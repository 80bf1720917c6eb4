/** The type attributes of TensorFlow's operations, which a {@link Graph} leaves out because they follow from its values. */
import type { GraphNode, GraphType } from './graph.ts';

/** By operation and attribute: the input that has the type, counted from the end where negative, or the first output. */
const attributes: Readonly<Record<string, Readonly<Record<string, number | 'output'>>>> = {
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

/** The type attributes of a node by name, whose inputs and outputs have these types. */
export function typeAttributes(
  { op }: GraphNode,
  inputs: readonly GraphType[],
  outputs: readonly GraphType[],
): Record<string, GraphType> {
  return Object.fromEntries(
    Object.entries(attributes[op] ?? { T: 0 }).map(([name, place]) => [
      name,
      place === 'output' ? outputs[0] : inputs.at(place)!,
    ]),
  );
}
