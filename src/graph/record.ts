/** Listens to the native engine: which TensorFlow operations a computation consists of, and what they are given. */

import { isTypeAttribute, nativeBackend, watchOperations } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import type { GraphConstant, GraphNode, GraphType, ValueId } from './graph.ts';

/** One run of a computation. Values are numbered in the order in which they appear, so equal runs give equal numbers. */
export interface Recording {
  readonly nodes: readonly GraphNode[];
  readonly values: ReadonlyMap<ValueId, { readonly type: GraphType; readonly shape: readonly number[] }>;
  /** Inputs of operations that no operation made. `tensor` is the same object in two runs that used the same tensor. */
  readonly constants: ReadonlyMap<ValueId, GraphConstant & { readonly tensor: object }>;
  readonly inputs: ReadonlyMap<string, ValueId>;
  readonly outputs: ReadonlyMap<string, ValueId>;
}

/** What identifies a tensor's data: an Identity operation shares it. */
type DataId = object;
type Info = Pick<Tensor, 'dataId' | 'dtype' | 'shape'>;

/**
 * Runs `run` and records its operations. Tensors that it leaves behind are disposed of.
 *
 * @param inputs what the recorded computation is a function of; everything else is constant.
 * @param names of weights, by their data.
 * @throws Error when the computation reads a value that depends on the inputs back into JavaScript, or when what it
 *   returns was not made by an operation.
 */
export function record(
  inputs: Readonly<Record<string, Tensor>>,
  run: () => Record<string, Tensor>,
  names: ReadonlyMap<DataId, string>,
): Recording {
  const recorder = new Recorder(names);
  for (const [name, tensor] of Object.entries(inputs)) recorder.addInput(name, tensor);
  const stop = watchOperations({
    executed({ op, attributes, inputs, outputs }) {
      const named = attributes.filter((attribute) => !isTypeAttribute(attribute));
      const values = Object.fromEntries(named.map(({ name, value }) => [name, value]));
      recorder.addNode(op, values, inputs, outputs);
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
  readonly nodes: GraphNode[] = [];
  readonly values = new Map<ValueId, { type: GraphType; shape: readonly number[] }>();
  readonly constants = new Map<ValueId, GraphConstant & { tensor: DataId }>();
  readonly inputs = new Map<string, ValueId>();
  readonly outputs = new Map<string, ValueId>();
  readonly #names: ReadonlyMap<DataId, string>;
  readonly #ids = new Map<DataId, ValueId>();
  readonly #dependent = new Set<ValueId>();

  constructor(names: ReadonlyMap<DataId, string>) {
    this.#names = names;
  }

  addInput(name: string, tensor: Tensor): void {
    const id = this.#define(tensor);
    this.inputs.set(name, id);
    this.#dependent.add(id);
  }

  addNode(
    op: string,
    attributes: GraphNode['attributes'],
    inputs: readonly Info[],
    outputs: readonly Info[],
  ) {
    const from = inputs.map((tensor) => this.#use(tensor));
    const to = outputs.map((tensor) => this.#define(tensor));
    this.nodes.push({ op, attributes, inputs: from, outputs: to });
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

  #define({ dataId, dtype, shape }: Info): ValueId {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
      throw new Error(`Cannot record a tensor of type ${dtype}`);
    const id = this.values.size;
    this.#ids.set(dataId, id);
    this.values.set(id, { type: dtype, shape: [...shape] });
    return id;
  }

  #use(tensor: Info): ValueId {
    const known = this.#ids.get(tensor.dataId);
    if (known !== undefined) return known;
    const id = this.#define(tensor);
    const name = this.#names.get(tensor.dataId);
    const data = nativeBackend().readSync(tensor.dataId);
    this.constants.set(id, { ...(name && { name }), shape: [...tensor.shape], data, tensor: tensor.dataId });
    return id;
  }
}
