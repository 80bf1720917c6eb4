/** Runs TensorFlow operations that TF.js does not offer, by name, on the native engine. */
import { type Tensor, tf } from './tf.ts';

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

interface NativeBackend {
  readonly binding: Record<string, number>;
  executeSingleOutput(op: string, attributes: Attribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(op: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[];
}

const backend = (): NativeBackend => tf.backend() as unknown as NativeBackend;

/** Makes attributes of one kind; `kind` is the addon's name of it. */
function of<T extends Attribute['value']>(kind: string) {
  return (name: string, value: T): Attribute => ({ name, type: backend().binding[kind], value });
}

/** Attributes of an operation, with the types that the C API wants. */
export const attribute = {
  type(name: string, dtype: 'float32' | 'int32' | 'bool' | 'string' | 'int64'): Attribute {
    const { binding } = backend();
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

/** Runs an operation with one output. */
export function runOp(op: string, attributes: Attribute[], inputs: Tensor[]): Tensor {
  return backend().executeSingleOutput(op, attributes, inputs);
}

/** Runs an operation with any number of outputs, none included. */
export function runOps(op: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[] {
  return backend().executeMultipleOutputs(op, attributes, inputs, outputs);
}
