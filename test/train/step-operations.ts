/** What TensorFlow is asked to do in a training step, in words that can be compared with those of another step. */
import { createHash } from 'node:crypto';
import type { NamedTensors, Trainable } from '../../src/core/method.ts';
import { type Execution, nativeBackend, watchOperations } from '../../src/ops/raw.ts';
import { type Tensor, tf } from '../../src/ops/tf.ts';

/** What stands behind a tensor: equal for clones and reshaped ones. TensorFlow never changes it. */
const dataOf = (tensor: Tensor) => tensor.dataId as object;

/**
 * Runs a step and tells each operation in order: its name, its attributes, and of each input the shape and where it comes
 * from. That is an input of the step or a variable by its name; another operation by its number; or a constant, by what
 * it holds. So what a step bakes into its operations shows.
 *
 * @throws Error when JavaScript reads what the step computes or is given, before `accept` is asked.
 */
export function stepOperations(trainable: Trainable, inputs: NamedTensors): string[] {
  const sources = new Map<object, string>();
  for (const [name, tensor] of Object.entries(inputs)) sources.set(dataOf(tensor), `input ${name}`);
  for (const [name, variable] of Object.entries(tf.engine().state.registeredVariables))
    sources.set(dataOf(variable), `variable ${name}`);
  const operations: string[] = [];
  const source = (tensor: Tensor) => `[${tensor.shape}] ${sources.get(dataOf(tensor)) ?? constant(tensor)}`;
  const stop = watchOperations({
    executed({ op, attributes, inputs: given, outputs }: Execution) {
      const values = attributes.map(({ name, value }) => `${name}=${value}`);
      operations.push([op, ...values, ...given.map(source)].join(' | '));
      for (const [index, output] of outputs.entries())
        sources.set(dataOf(output), `operation ${operations.length}, output ${index}`);
    },
    reads(data) {
      if (sources.has(data)) throw new Error(`JavaScript reads ${sources.get(data)} in a step.`);
    },
  });
  try {
    tf.dispose(trainable.step(inputs));
  } finally {
    stop();
  }
  return operations;
}

/** TF.js knows the handles of TensorFlow's own variables as strings. */
function constant(tensor: Tensor): string {
  if (tensor.dtype === 'string') return 'resource';
  const values = nativeBackend().readSync(dataOf(tensor));
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return `constant ${values.length > 4 ? createHash('sha256').update(bytes).digest('hex') : values.join()}`;
}
