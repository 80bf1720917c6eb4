import { UserError } from '../../runtime/errors.ts';
import type { Precision } from '../../weights/float16.ts';
import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { OnnxBuilder, type Port } from './builder.ts';
import { fuse } from './fuse.ts';
import { arrange, usualLayout } from './layout.ts';
import { Lowering, unsupported } from './lowering.ts';
import { arrayOperations } from './operations/array.ts';
import { mathOperations } from './operations/math.ts';
import { nnOperations } from './operations/nn.ts';
import type { Operations } from './operations/operation.ts';
import { encodeModel } from './protobuf.ts';

export interface OnnxOptions {
  /** Of the graph. */
  readonly name: string;
  /** In which the large weights are stored. The computation is fp32 in any case, so that every CPU can run it. */
  readonly precision: Precision;
  readonly producer: { readonly name: string; readonly version: string };
  /** What the model is, for a person. */
  readonly description: string;
  /** What each input and output is, by its name. */
  readonly ports?: Readonly<Record<string, string>>;
  /** Free entries, for example licence and origin. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Version of the operators; onnxruntime knows it since 1.14. */
const OPSET = 18;
/** Version of the file format that belongs to it. */
const IR_VERSION = 8;
/** Protobuf's limit for a message. */
const MAXIMUM_BYTES = 2 ** 31 - 1;

/**
 * A graph as an ONNX model file. Every value of rank 4 is NCHW there, inputs and outputs included; those of other ranks
 * are as they are. The batch dimension is open and named `n`. Equal graphs give equal bytes.
 *
 * @throws UserError when an operation cannot be written, or when the file would be too large for the format.
 */
export function writeOnnx(source: Graph, options: OnnxOptions): Uint8Array {
  const builder = new OnnxBuilder();
  const port = (name: string, id: number): Port => {
    const shape = source.shape(id);
    const inLayout = arrange(usualLayout(shape.length), shape);
    return { name, type: source.type(id), shape: inLayout, docString: options.ports?.[name] };
  };
  const inputs = [...source.inputs].map(([name, id]) => port(name, id));
  const outputs = [...source.outputs].map(([name, id]) => port(name, id));
  for (const { name } of [...inputs, ...outputs]) builder.unique(name);
  const given = Object.fromEntries(inputs.map(({ name }) => [name, name]));
  for (const [name, tensor] of addGraph(builder, source, given, options.precision))
    builder.output(name, tensor);
  return encodeOnnx(builder, inputs, outputs, options);
}

/**
 * Adds a graph's operations to an ONNX graph.
 *
 * @param given the tensor of each of its inputs, in the layout of {@link writeOnnx}.
 * @returns those of its outputs.
 */
export function addGraph(
  builder: OnnxBuilder,
  source: Graph,
  given: Readonly<Record<string, string>>,
  precision: Precision,
): Map<string, string> {
  const graph = fuse(source);
  const to = new Lowering(graph, builder, precision === 'fp16');
  for (const [name, id] of graph.inputs) to.place(id, given[name], usualLayout(to.rank(id)));
  const layers = layersOf(graph);
  for (const node of graph.nodes) {
    const operation = operations[node.op];
    if (!operation) throw unsupported(node, 'it has an operation that is not known here');
    builder.scope = layers.get(node) ?? '';
    operation(to, node);
  }
  builder.scope = '';
  return new Map([...graph.outputs].map(([name, id]) => [name, to.at(id, usualLayout(to.rank(id)))]));
}

/** The file of a graph that was built. @throws UserError when it would be too large for the format. */
export function encodeOnnx(
  builder: OnnxBuilder,
  inputs: readonly Port[],
  outputs: readonly Port[],
  options: OnnxOptions,
): Uint8Array {
  const written = builder.finish(options.name, inputs, outputs);
  const bytes = written.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
  if (bytes > MAXIMUM_BYTES - 2 ** 24)
    throw new UserError('The model is too large for one ONNX file.', {
      where: options.name,
      expected: 'at most 2 GB of weights',
      got: `${(bytes / 1e9).toFixed(1)} GB`,
      fix: 'export with half precision, or a single network',
    });
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: options.producer.name,
    producerVersion: options.producer.version,
    docString: options.description,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: written,
  });
}

/** Every operation of TensorFlow's that can be written as ONNX. */
export const operations: Operations = { ...mathOperations, ...arrayOperations, ...nnOperations };

/** The layer whose weights a node takes, or what is computed from them: `G64/conv1` for weights `G64/conv1/kernel`. */
function layersOf({ constants, nodes }: Graph): Map<GraphNode, string> {
  const layerOfWeights = new Map<ValueId, string>();
  for (const [id, { name = '' }] of constants) layerOfWeights.set(id, name.replace(/\/?[^/]*$/, ''));
  const layers = new Map<GraphNode, string>();
  for (const node of nodes) {
    const layer = node.inputs.map((id) => layerOfWeights.get(id)).find(Boolean) ?? '';
    layers.set(node, layer);
    if (node.inputs.every((id) => layerOfWeights.has(id)))
      for (const id of node.outputs) layerOfWeights.set(id, layer);
  }
  return layers;
}
