/**
 * TF.js's GraphModel, which `tf.loadGraphModel` runs on every backend without code of ours: `model.json` (GraphDef,
 * signature, list of weights) and the weights' bytes one after the other in files of at most 4 MB.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../runtime/files.ts';
import { fitsFloat16, type Precision, roundToFloat16 } from '../weights/float16.ts';
import { isFloatAttribute, typeAttributes } from './attributes.ts';
import {
  type Graph,
  type GraphConstant,
  type GraphNode,
  type GraphShape,
  type GraphType,
  lookUp,
  type ValueId,
} from './graph.ts';
import { rewrite } from './simplify/rewrite.ts';

const SHARD_BYTES = 4 * 2 ** 20;
/** Constants with fewer elements stay in single precision: they take no room, and scalars need their digits. */
const HALF_FROM = 1024;

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
    storedWeight(lookUp(constants, id), constant, precision),
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
  if (data instanceof Float32Array && precision === 'fp16' && data.length >= HALF_FROM && fitsFloat16(data)) {
    const quantization = { dtype: 'float16', original_dtype: 'float32' } as const;
    return { entry: { name, shape, dtype: 'float32', quantization }, bytes: bytesOf(roundToFloat16(data)) };
  }
  const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
  return { entry: { name, shape, dtype }, bytes: bytesOf(data) };
}

/** Bytes one after the other, cut into pieces. */
function split(parts: readonly Uint8Array[]): Uint8Array[] {
  const whole = Buffer.concat(parts);
  const pieces = Math.max(1, Math.ceil(whole.length / SHARD_BYTES));
  return Array.from({ length: pieces }, (_, i) => whole.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
}

/** Attributes by name in protobuf's JSON: `{ "i": "2" }`, `{ "type": "DT_FLOAT" }` and so on. */
type JsonAttributes = Record<string, Record<string, unknown>>;

interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: JsonAttributes;
}

interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

/** A graph as TensorFlow's GraphDef in protobuf's JSON form, the topology of a TF.js GraphModel. */
interface GraphDef {
  readonly nodes: readonly NodeDef[];
  /** The name of the `Const` node of every constant, in the graph's order. */
  readonly constants: ReadonlyMap<ValueId, string>;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

const typeNames: Record<GraphType, string> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** The nodes of a graph. Its inputs and outputs have the names that the graph gives them. */
function toGraphDef(graph: Graph): GraphDef {
  const typeOf = (id: ValueId) => ({ type: typeNames[graph.type(id)] });
  const taken = new Set([...graph.inputs.keys(), ...graph.outputs.keys()]);
  /** Where a value comes from: `NODE` or, for further outputs, `NODE:INDEX`. */
  const places = new Map<ValueId, string>();
  const nodes: NodeDef[] = [];
  for (const [name, id] of graph.inputs) {
    places.set(id, name);
    const attr = { dtype: typeOf(id), shape: { shape: shapeOf(graph.shape(id)) } };
    nodes.push({ name, op: 'Placeholder', attr });
  }
  const constants = new Map<ValueId, string>();
  for (const [id, constant] of graph.constants) {
    const name = unique(constant.name ?? 'constant', taken);
    constants.set(id, name);
    places.set(id, name);
    nodes.push({ name, op: 'Const', attr: { dtype: typeOf(id) } });
  }
  for (const node of fusedConvolutions(graph)) {
    const name = unique(node.op.replace(/^_/, ''), taken);
    for (const [i, id] of node.outputs.entries()) places.set(id, i === 0 ? name : `${name}:${i}`);
    const input = node.inputs.map((id) => lookUp(places, id));
    nodes.push({ name, op: node.op, input, attr: attributesOf(graph, node) });
  }
  for (const [name, id] of graph.outputs)
    nodes.push({ name, op: 'Identity', input: [lookUp(places, id)], attr: { T: typeOf(id) } });
  const infos = (ports: Graph['inputs']) =>
    Object.fromEntries(
      [...ports].map(([name, id]) => {
        const tensorShape = shapeOf(graph.shape(id));
        return [name, { name: `${name}:0`, dtype: typeNames[graph.type(id)], tensorShape }];
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

function attributesOf(graph: Graph, node: FusedNode): JsonAttributes {
  const attributes: JsonAttributes = {};
  for (const [name, type] of Object.entries(typeAttributes(graph, node)))
    attributes[name] = { type: typeNames[type] };
  for (const [name, value] of Object.entries(node.attributes)) attributes[name] = jsonValue(name, value);
  if (node.fused) attributes.fused_ops = { list: { s: node.fused.map(base64) } };
  return attributes;
}

function jsonValue(name: string, value: GraphNode['attributes'][string]): Record<string, unknown> {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return { s: base64(value) };
  if (typeof value === 'number') return isFloatAttribute(name) ? { f: value } : { i: String(value) };
  return { list: { i: value.map(String) } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A node that may be several operations in one, which are then named in `fused`. */
type FusedNode = GraphNode & { readonly fused?: readonly string[] };

/** Activations that TF.js computes within a convolution. */
const ACTIVATIONS = new Set(['Relu', 'LeakyRelu']);

/**
 * The nodes of a graph with each convolution, its bias and the activation that follows as one `_FusedConv2D`, which
 * every backend of TF.js has: two passes over the data less.
 */
function fusedConvolutions(graph: Graph): readonly FusedNode[] {
  const uses = graph.useCounts();
  /** By their results. */
  const convolutions = new Map<ValueId, FusedNode>();
  const nodes = graph.nodes.map((node) => {
    const [x, bias] = node.inputs;
    const before = uses.get(x) === 1 ? convolutions.get(x) : undefined;
    const fused = before && withNext(before, node, bias);
    if (fused || node.op === 'Conv2D') convolutions.set(node.outputs[0], fused ?? node);
    return fused ?? node;
  });
  // Nodes that are part of a fused one have no uses left.
  return graph.with({ nodes }).withoutDeadCode().nodes;
}

/** A convolution joined with the operation after it; undefined where TF.js cannot fuse the two. */
function withNext(convolution: FusedNode, next: GraphNode, bias: ValueId): FusedNode | undefined {
  const { attributes, inputs, fused = [] } = convolution;
  const { op, outputs } = next;
  if (op === 'BiasAdd' && fused.length === 0)
    return {
      op: '_FusedConv2D',
      attributes: { ...attributes, num_args: 1 },
      inputs: [...inputs, bias],
      outputs,
      fused: ['BiasAdd'],
    };
  if (!ACTIVATIONS.has(op) || fused.length !== 1) return undefined;
  const { alpha } = next.attributes;
  const slope = alpha === undefined ? {} : { leakyrelu_alpha: alpha };
  return { ...convolution, attributes: { ...attributes, ...slope }, outputs, fused: [...fused, op] };
}

/**
 * A graph whose means over several axes are taken over one axis after the other, the last first. TF.js on WebAssembly
 * adds numbers up one by one: over all pixels of a picture at once that would lose too many of float32's digits.
 */
function meansByAxes(graph: Graph): Graph {
  const constants = new Map<number, ValueId>();
  return rewrite(graph, ({ op, attributes, inputs: [x, axes] }, rewriter) => {
    const places = op === 'Mean' && attributes.keep_dims === true ? rewriter.integers(axes) : undefined;
    if (!places || places.length < 2) return undefined;
    let mean = x;
    for (const axis of [...places].sort((a, b) => b - a)) {
      const constant = constants.get(axis) ?? rewriter.constant({ shape: [1], data: Int32Array.of(axis) });
      constants.set(axis, constant);
      const shape = rewriter.shape(mean).map((size, place) => (place === axis ? 1 : size));
      mean = rewriter.add(op, attributes, [mean, constant], shape, rewriter.type(mean));
    }
    return [mean];
  });
}
