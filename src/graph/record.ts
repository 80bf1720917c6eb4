/** Listens to the native engine: which TensorFlow operations a computation consists of, and what they are given. */

import { type Attribute, isTypeAttribute, nativeBackend, watchOperations } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import type { GraphConstant, GraphNode, GraphType, ValueId } from './graph.ts';

export interface RecordedNode extends GraphNode {
  /** All attributes, those for types among them, as TensorFlow was given them. */
  readonly given: readonly Attribute[];
}

export interface RecordedValue {
  /** A resource is a handle to one of TensorFlow's own variables. */
  readonly type: GraphType | 'resource';
  readonly shape: readonly number[];
}

/** One run of a computation. Values are numbered in the order in which they appear, so equal runs give equal numbers. */
export interface Recording {
  readonly nodes: readonly RecordedNode[];
  readonly values: ReadonlyMap<ValueId, RecordedValue>;
  /** Inputs of operations that no operation made. `tensor` is the same object in two runs that used the same tensor. */
  readonly constants: ReadonlyMap<ValueId, GraphConstant & { readonly tensor: object }>;
  /** The handles among those inputs, which have no numbers. */
  readonly resources: ReadonlyMap<ValueId, Tensor>;
  /** Those that are too large for a constant, by request; whoever asked for them disposes of them. */
  readonly held: ReadonlyMap<ValueId, Tensor>;
  readonly inputs: ReadonlyMap<string, ValueId>;
  readonly outputs: ReadonlyMap<string, ValueId>;
}

/** What identifies a tensor's data: an Identity operation shares it. */
export type DataId = object;

/**
 * Runs `run` and records its operations. Tensors that it leaves behind are disposed of.
 *
 * @param inputs what the recorded computation is a function of; everything else is constant.
 * @param names of weights, by their data.
 * @param holdFrom the number of elements from which on a constant without a name is held as a tensor. Default: none is.
 * @throws Error when the computation reads a value that depends on the inputs back into JavaScript, or when what it
 *   returns was not made by an operation.
 */
export function record(
  inputs: Readonly<Record<string, Tensor>>,
  run: () => Record<string, Tensor>,
  names: ReadonlyMap<DataId, string>,
  holdFrom = Number.POSITIVE_INFINITY,
): Recording {
  const recorder = new Recorder(names, holdFrom);
  for (const [name, tensor] of Object.entries(inputs)) recorder.addInput(name, tensor);
  const stop = watchOperations({
    executed({ op, attributes, inputs, outputs }) {
      const named = attributes.filter((attribute) => !isTypeAttribute(attribute));
      const values = Object.fromEntries(named.map(({ name, value }) => [name, value]));
      recorder.addNode({ op, attributes: values, given: attributes }, inputs, outputs);
    },
    reads: (data) => recorder.requireConstant(data),
  });
  try {
    tf.tidy(() => {
      for (const [name, tensor] of Object.entries(run())) recorder.addOutput(name, tensor);
    });
  } finally {
    stop();
  }
  return recorder;
}

class Recorder implements Recording {
  readonly nodes: RecordedNode[] = [];
  readonly values = new Map<ValueId, RecordedValue>();
  readonly constants = new Map<ValueId, GraphConstant & { tensor: DataId }>();
  readonly resources = new Map<ValueId, Tensor>();
  readonly held = new Map<ValueId, Tensor>();
  readonly inputs = new Map<string, ValueId>();
  readonly outputs = new Map<string, ValueId>();
  readonly #names: ReadonlyMap<DataId, string>;
  readonly #holdFrom: number;
  readonly #ids = new Map<DataId, ValueId>();
  readonly #dependent = new Set<ValueId>();

  constructor(names: ReadonlyMap<DataId, string>, holdFrom: number) {
    this.#names = names;
    this.#holdFrom = holdFrom;
  }

  addInput(name: string, tensor: Tensor): void {
    const id = this.#define(tensor);
    this.inputs.set(name, id);
    this.#dependent.add(id);
  }

  addNode(
    operation: Omit<RecordedNode, 'inputs' | 'outputs'>,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
  ) {
    const from = inputs.map((tensor) => this.#use(tensor));
    const to = outputs.map((tensor) => this.#define(tensor));
    this.nodes.push({ ...operation, inputs: from, outputs: to });
    if (from.some((id) => this.#dependent.has(id))) for (const id of to) this.#dependent.add(id);
  }

  addOutput(name: string, tensor: Tensor): void {
    this.outputs.set(name, this.#use(tensor));
  }

  /** What JavaScript computes from numbers that it reads is not recorded, and would count as constant. */
  requireConstant(data: DataId): void {
    const id = this.#ids.get(data);
    if (id !== undefined && this.#dependent.has(id))
      throw new Error('Cannot record a computation that reads values which depend on its inputs');
  }

  #define({ dataId, dtype, shape }: Tensor): ValueId {
    // TF.js has no name for the type of a resource, and no operation that we run is given text.
    if (dtype === 'complex64') throw new Error(`Cannot record a tensor of type ${dtype}`);
    const id = this.values.size;
    this.#ids.set(dataId, id);
    this.values.set(id, { type: dtype === 'string' ? 'resource' : dtype, shape: [...shape] });
    return id;
  }

  #use(tensor: Tensor): ValueId {
    const { dataId } = tensor;
    const known = this.#ids.get(dataId);
    if (known !== undefined) return known;
    const id = this.#define(tensor);
    const shape = [...tensor.shape];
    const read = () => nativeBackend().readSync(dataId);
    const name = this.#names.get(dataId);
    if (this.values.get(id)?.type === 'resource') this.resources.set(id, tensor);
    // Weights live on, and are read only where their numbers are wanted.
    else if (name !== undefined)
      this.constants.set(id, {
        name,
        shape,
        tensor: dataId,
        get data() {
          return read();
        },
      });
    else if (tensor.size >= this.#holdFrom) this.held.set(id, tf.keep(tensor.clone()));
    else this.constants.set(id, { shape, tensor: dataId, data: read() });
    return id;
  }
}
