/**
 * TensorFlow's own variables. Unlike those of TF.js, whose values are replaced, they are changed in place, and functions
 * of TensorFlow can change them.
 */
import { attribute, nativeBackend, runOp, runOps } from './raw.ts';
import { type Tensor, tf, type Variable } from './tf.ts';

type Type = 'float32' | 'bool';
const dtype = (type: Type) => attribute.type('dtype', type);

let created = 0;

/** The handle of a new variable without a value, to be freed by {@link destroyResource}. */
export function createResource(shape: readonly number[], type: Type = 'float32'): Tensor {
  created += 1;
  const attributes = [
    attribute.string('container', ''),
    attribute.string('shared_name', `variable-${created}`),
    dtype(type),
    attribute.shape('shape', shape),
  ];
  return tf.keep(runOp('VarHandleOp', attributes, []));
}

export function assignResource(handle: Tensor, value: Tensor, type: Type = 'float32'): void {
  runOps('AssignVariableOp', [dtype(type)], [handle, value], 0);
}

/** Its value now, which later changes leave as it is. */
export function readResource(handle: Tensor): Tensor {
  return runOp('ReadVariableOp', [dtype('float32')], [handle]);
}

/**
 * Frees the numbers of a variable of TF.js while TensorFlow's own variable has newer ones: at the paper's widths both would
 * be a tenth of a training's memory. Until it is assigned to, the variable cannot be read. A variable whose numbers another
 * tensor shares keeps them.
 */
export function releaseValue(variable: Variable): void {
  const { tensorMap, binding } = nativeBackend();
  const data = tensorMap.get(variable.dataId);
  if (data.refCount > 1 || data.values !== null || data.id < 0) return;
  binding.deleteTensor(data.id);
  data.id = -1;
}

export function destroyResource(handle: Tensor): void {
  runOps('DestroyResourceOp', [attribute.bool('ignore_lookup_error', true)], [handle], 0);
  handle.dispose();
}
