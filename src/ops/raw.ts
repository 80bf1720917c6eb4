/**
 * TensorFlow's native engine below TF.js: runs operations that TF.js does not offer, by name, and watches all that run.
 */
import { type Tensor, tf } from './tf.ts';

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

/** What `native/` adds to tfjs-node's addon, whose other properties we use are the C API's numbers for types. */
interface AddedByUs {
  /**
   * Registers a graph as a function, which then runs as an operation of its name.
   *
   * @param graph a serialized GraphDef.
   * @param inputs names of placeholders. @param outputs `NODE:OUTPUT`.
   * @param controls nodes that run although no output needs them.
   * @throws Error with TensorFlow's message.
   */
  readonly addFunction: (
    name: string,
    graph: Uint8Array,
    inputs: readonly string[],
    outputs: readonly string[],
    controls: readonly string[],
    configuration?: Uint8Array,
  ) => void;
  readonly removeFunction: (name: string) => void;
  /** Whether operations of this process must give the same numbers at every run. */
  readonly setDeterministic: (on: boolean) => void;
  /** From now on TensorFlow notes what runs when; see profile.ts. */
  readonly startProfile: () => void;
  /** Ends that. A serialized XSpace. */
  readonly stopProfile: () => Uint8Array;
  /** How often this thread asked TensorFlow to run something, and to hand a tensor's numbers over. */
  readonly callCounts: () => { readonly executions: number; readonly reads: number };
  /** Hands memory that has been freed back to the system, where glibc keeps it. */
  readonly releaseFreeMemory: () => void;
  readonly deleteTensor: (id: number) => void;
  /** Tells all workers of a cluster a text under a key that has none yet. */
  readonly setKey: (key: string, text: string) => void;
  /** A key's text as soon as a worker has set it, or undefined after so many milliseconds, in which JavaScript stands still. */
  readonly getKey: (key: string, milliseconds: number) => string | undefined;
  /** @throws Error when a worker, `/job:worker/replica:0/task:1`, does not answer in so many milliseconds. */
  readonly checkPeer: (task: string, milliseconds: number) => void;
}

/** What the backend knows of a tensor's data. */
interface TensorData {
  /** TensorFlow's handle; negative where it has none. */
  id: number;
  /** Numbers of which TensorFlow has not been told yet. */
  values: unknown;
  /** TF.js's tensors that share them. */
  readonly refCount: number;
}

/** tfjs-node's backend, which it does not export a type of. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<Record<string, number>> & AddedByUs;
  readonly tensorMap: { get(data: object): TensorData };
  executeSingleOutput(op: string, attributes: Attribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(op: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[];
  readSync(data: object): Float32Array | Int32Array | Uint8Array;
}

export const nativeBackend = (): NativeBackend => tf.backend() as unknown as NativeBackend;

/** Makes attributes of one kind; `kind` is the addon's name of it. */
function of<T extends Attribute['value']>(kind: string) {
  return (name: string, value: T): Attribute => ({ name, type: nativeBackend().binding[kind], value });
}

/** Attributes of an operation, with the types that the C API wants. */
export const attribute = {
  type(name: string, dtype: 'float32' | 'int32' | 'bool' | 'string' | 'int64'): Attribute {
    const { binding } = nativeBackend();
    const types = {
      float32: binding.TF_FLOAT,
      int32: binding.TF_INT32,
      bool: binding.TF_BOOL,
      string: binding.TF_STRING,
      int64: binding.TF_INT64,
    };
    return { name, type: binding.TF_ATTR_TYPE, value: types[dtype] };
  },
  int: of<number | number[]>('TF_ATTR_INT'),
  float: of<number>('TF_ATTR_FLOAT'),
  bool: of<boolean>('TF_ATTR_BOOL'),
  string: of<string>('TF_ATTR_STRING'),
  shape: of<readonly number[]>('TF_ATTR_SHAPE'),
};

/** Whether an attribute is the type of an operation's inputs or outputs. */
export const isTypeAttribute = ({ type }: Attribute): boolean =>
  type === nativeBackend().binding.TF_ATTR_TYPE;

/** Runs an operation with one output. It has no gradient: see `withGradient` in gradients.ts. */
export function runOp(op: string, attributes: Attribute[], inputs: Tensor[]): Tensor {
  return nativeBackend().executeSingleOutput(op, attributes, inputs);
}

/** Runs an operation with any number of outputs, none included. */
export function runOps(op: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[] {
  return nativeBackend().executeMultipleOutputs(op, attributes, inputs, outputs);
}

/** An operation that TensorFlow has run. */
export interface Execution {
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Until the call returned: on a CPU the operation has ended by then, on a GPU it has been queued. */
  readonly seconds: number;
}

export interface Watcher {
  executed(execution: Execution): void;
  /** JavaScript is about to read a tensor's values; `data` is the tensor's `dataId`. */
  reads?(data: object): void;
}

const watchers = new Set<Watcher>();
let endInterception = () => {};

/**
 * Tells a watcher of everything that runs on the native engine from now on, in TF.js's operations and in {@link runOp};
 * but not of what `float64.ts` does with doubles. What a watcher throws reaches who called the operation.
 *
 * @returns what ends that.
 */
export function watchOperations(watcher: Watcher): () => void {
  if (watchers.size === 0) endInterception = intercept(nativeBackend());
  watchers.add(watcher);
  return () => {
    if (watchers.delete(watcher) && watchers.size === 0) endInterception();
  };
}

/** TF.js has no hook for this: the object gets methods that hide those of its class until the interception ends. */
function intercept(backend: NativeBackend): () => void {
  const { executeSingleOutput, executeMultipleOutputs, readSync } = backend;
  const tell = (execution: Execution) => {
    for (const watcher of watchers) watcher.executed(execution);
  };
  const own: Omit<NativeBackend, 'binding' | 'isUsingGpuDevice' | 'tensorMap'> = {
    executeSingleOutput(op, attributes, inputs) {
      const begin = performance.now();
      const output = executeSingleOutput.call(backend, op, attributes, inputs);
      tell({ op, attributes, inputs, outputs: [output], seconds: (performance.now() - begin) / 1000 });
      return output;
    },
    executeMultipleOutputs(op, attributes, inputs, count) {
      const begin = performance.now();
      const outputs = executeMultipleOutputs.call(backend, op, attributes, inputs, count);
      tell({ op, attributes, inputs, outputs, seconds: (performance.now() - begin) / 1000 });
      return outputs;
    },
    // The asynchronous reading calls this one, too.
    readSync(data) {
      for (const watcher of watchers) watcher.reads?.(data);
      return readSync.call(backend, data);
    },
  };
  Object.assign(backend, own);
  return () => {
    for (const name of Object.keys(own)) Reflect.deleteProperty(backend, name);
  };
}
