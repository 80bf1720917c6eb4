/**
 * TF.js's GraphModel, which `tf.loadGraphModel` runs on every backend without code of ours: `model.json` (GraphDef,
 * signature, list of weights) and the weights' bytes one after the other in files of at most 4 MB.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../runtime/files.ts';
import { roundToFloat16 } from '../weights/float16.ts';
import { typeAttributes } from './attributes.ts';
import type { Graph, GraphConstant, GraphNode, GraphShape, GraphType, GraphValue, ValueId } from './graph.ts';

export type Precision = 'fp32' | 'fp16';

const SHARD_BYTES = 4 * 2 ** 20;
/** Constants with fewer elements stay in single precision: they take no room, and scalars need their digits. */
const HALF_FROM = 1024;
/** The largest finite half float. Constants with larger numbers stay in single precision too. */
const HALF_MAXIMUM = 65504;

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly quantization?: { readonly dtype: 'float16'; readonly original_dtype: 'float32' };
}

/**
 * Writes a graph to `FOLDER/model.json` and `FOLDER/group1-shardNofM.bin`, the same bytes for the same graph.
 *
 * @param precision of the stored weights; TF.js computes in what its backend has.
 */
export async function writeGraphModel(folder: string, graph: Graph, precision: Precision): Promise<void> {
  const written = meansByAxes(graph);
  const { nodes, constants, inputs, outputs } = toGraphDef(written);
  const stored = [...written.constants].map(([id, constant]) =>
    storedWeight(constants.get(id)!, constant, precision),
  );
  const shards = split(stored.map(({ bytes }) => bytes));
  const paths = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const model = {
    format: 'graph-model',
    generatedBy: 'deep-plastic-surgery',
    convertedBy: null,
    signature: { inputs, outputs },
    // With this `predict` gives the outputs by name.
    userDefinedMetadata: { structuredOutputKeys: Object.keys(outputs) },
    modelTopology: { node: nodes, library: {}, versions: { producer: 1882 } },
    weightsManifest: [{ paths, weights: stored.map(({ entry }) => entry) }],
  };
  await mkdir(folder, { recursive: true });
  for (const [i, shard] of shards.entries()) await writeFileAtomically(join(folder, paths[i]), shard);
  await writeFileAtomically(join(folder, 'model.json'), `${JSON.stringify(model)}\n`);
}

function storedWeight(
  name: string,
  { shape, data }: GraphConstant,
  precision: Precision,
): { entry: WeightEntry; bytes: Uint8Array } {
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  if (data instanceof Float32Array && precision === 'fp16' && fitsHalf(data)) {
    const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
    return { entry: { name, shape, dtype: 'float32', quantization }, bytes: bytesOf(roundToFloat16(data)) };
  }
  const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
  return { entry: { name, shape, dtype }, bytes: bytesOf(data) };
}

const fitsHalf = (data: Float32Array): boolean =>
  data.length >= HALF_FROM && data.every((value) => Math.abs(value) <= HALF_MAXIMUM);

/** Bytes one after the other, cut into pieces. */
function split(parts: readonly Uint8Array[]): Uint8Array[] {
  const whole = Buffer.concat(parts);
  const pieces = Math.max(1, Math.ceil(whole.length / SHARD_BYTES));
  return Array.from({ length: pieces }, (_, i) => whole.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
}

// PART: /** A graph as TensorFlow's GraphDef in protobuf's JSON form, the topology of a TF.js GraphModel. */
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

/** A node of which some are several operations in one, then named in `fused`. */
export type FusedNode = GraphNode & { readonly fused?: readonly string[] };

/** Rectifiers that TF.js computes within a convolution. */
const ACTIVATIONS = new Set(['Relu', 'LeakyRelu']);

/**
 * The nodes of a graph with each convolution, its bias and the rectifier that follows as one `_FusedConv2D`, which
 * every backend of TF.js has: two passes over the data less.
 */
export function fusedConvolutions(graph: Graph): FusedNode[] {
  const consumers = new Map<ValueId, GraphNode[]>();
  for (const node of graph.nodes)
    for (const id of node.inputs) consumers.set(id, [...(consumers.get(id) ?? []), node]);
  const results = new Set(graph.outputs.values());
  /** The one node that uses a value. */
  const only = (id: ValueId): GraphNode | undefined => {
    const using = consumers.get(id) ?? [];
    return using.length === 1 && !results.has(id) ? using[0] : undefined;
  };
  const absorbed = new Set<GraphNode>();
  const fused = graph.nodes.map((node): FusedNode => {
    const bias = node.op === 'Conv2D' ? only(node.outputs[0]) : undefined;
    if (bias?.op !== 'BiasAdd' || bias.inputs[0] !== node.outputs[0]) return node;
    absorbed.add(bias);
    const next = only(bias.outputs[0]);
    const activation = next && ACTIVATIONS.has(next.op) ? next : undefined;
    if (activation) absorbed.add(activation);
    const { alpha } = activation?.attributes ?? {};
    return {
      op: '_FusedConv2D',
      attributes: { ...node.attributes, num_args: 1, ...(alpha !== undefined && { leakyrelu_alpha: alpha }) },
      inputs: [...node.inputs, bias.inputs[1]],
      outputs: (activation ?? bias).outputs,
      fused: ['BiasAdd', ...(activation ? [activation.op] : [])],
    };
  });
  return fused.filter((_, i) => !absorbed.has(graph.nodes[i]));
}

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
