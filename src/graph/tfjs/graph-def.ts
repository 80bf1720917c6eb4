/** A graph as TensorFlow's GraphDef in protobuf's JSON form, the topology of a TF.js GraphModel. */
import type { Graph, GraphNode, GraphShape, GraphType, ValueId } from '../graph.ts';
import { typeAttributes } from '../tensorflow-types.ts';
import { fusedConvolutions } from './fused-convolution.ts';

/** Attributes by name in protobuf's JSON: `{ "i": "2" }`, `{ "type": "DT_FLOAT" }` and so on. */
export type JsonAttributes = Record<string, Record<string, unknown>>;

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: JsonAttributes;
}

export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

export interface GraphDef {
  readonly nodes: readonly NodeDef[];
  /** The name of the `Const` node of every constant, in the graph's order. */
  readonly constants: ReadonlyMap<ValueId, string>;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

const typeNames: Record<GraphType, string> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** Attributes whose values are numbers with a fraction. */
const FLOATS = new Set(['alpha', 'beta', 'bias', 'epsilon', 'leakyrelu_alpha']);

/** The nodes of a graph. Its inputs and outputs have the names that the graph gives them. */
export function toGraphDef(graph: Graph): GraphDef {
  const { values } = graph;
  const taken = new Set([...graph.inputs.keys(), ...graph.outputs.keys()]);
  /** Where a value comes from: `NODE` or, for further outputs, `NODE:INDEX`. */
  const places = new Map<ValueId, string>();
  const nodes: NodeDef[] = [];
  for (const [name, id] of graph.inputs) {
    places.set(id, name);
    const { type, shape } = values.get(id)!;
    nodes.push({
      name,
      op: 'Placeholder',
      attr: { dtype: { type: typeNames[type] }, shape: { shape: shapeOf(shape) } },
    });
  }
  const constants = new Map<ValueId, string>();
  for (const [id, constant] of graph.constants) {
    const name = unique(constant.name ?? 'constant', taken);
    constants.set(id, name);
    places.set(id, name);
    nodes.push({ name, op: 'Const', attr: { dtype: { type: typeNames[values.get(id)!.type] } } });
  }
  for (const node of fusedConvolutions(graph)) {
    const name = unique(node.op.replace(/^_/, ''), taken);
    node.outputs.forEach((id, i) => void places.set(id, i === 0 ? name : `${name}:${i}`));
    const input = node.inputs.map((id) => places.get(id)!);
    nodes.push({ name, op: node.op, input, attr: attributesOf(graph, node) });
  }
  for (const [name, id] of graph.outputs) {
    const attr = { T: { type: typeNames[values.get(id)!.type] } };
    nodes.push({ name, op: 'Identity', input: [places.get(id)!], attr });
  }
  const infos = (ports: Graph['inputs']) =>
    Object.fromEntries(
      [...ports].map(([name, id]) => {
        const { type, shape } = values.get(id)!;
        return [name, { name: `${name}:0`, dtype: typeNames[type], tensorShape: shapeOf(shape) }];
      }),
    );
  return { nodes, constants, inputs: infos(graph.inputs), outputs: infos(graph.outputs) };
}

/** A name that is not taken yet: the wanted one, or with a number. */
function unique(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 1; taken.has(name); number++) name = `${wanted}_${number}`;
  taken.add(name);
  return name;
}

const shapeOf = (shape: GraphShape) => ({ dim: shape.map((size) => ({ size: String(size ?? -1) })) });

function attributesOf({ values }: Graph, node: GraphNode & { fused?: readonly string[] }): JsonAttributes {
  const types = (ids: readonly ValueId[]) => ids.map((id) => values.get(id)!.type);
  const attributes: JsonAttributes = {};
  for (const [name, type] of Object.entries(typeAttributes(node, types(node.inputs), types(node.outputs))))
    attributes[name] = { type: typeNames[type] };
  for (const [name, value] of Object.entries(node.attributes)) attributes[name] = jsonValue(name, value);
  if (node.fused) attributes.fused_ops = { list: { s: node.fused.map(base64) } };
  return attributes;
}

function jsonValue(name: string, value: GraphNode['attributes'][string]): Record<string, unknown> {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return { s: base64(value) };
  if (typeof value === 'number') return FLOATS.has(name) ? { f: value } : { i: String(value) };
  return { list: { i: value.map(String) } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
