/** Sees every operation that TensorFlow runs for this process. */
import type { Attribute } from '../src/ops/raw.ts';
import { type Tensor, tf } from '../src/ops/tf.ts';

export interface Execution {
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Until the call returned: on a CPU the operation has ended by then, on a GPU it has been queued. */
  readonly seconds: number;
}

type Execute = (op: string, attributes: Attribute[], inputs: Tensor[], outputs?: number) => Tensor | Tensor[];

const CALLS = ['executeSingleOutput', 'executeMultipleOutputs'] as const;

/** Tells `see` of every operation from now on. @returns what ends that. */
export function watchOperations(see: (execution: Execution) => void): () => void {
  const backend = tf.backend() as unknown as Record<string, Execute>;
  for (const name of CALLS) {
    const execute = backend[name].bind(backend);
    backend[name] = (op, attributes, inputs, count) => {
      const begin = performance.now();
      const result = execute(op, attributes, inputs, count);
      const seconds = (performance.now() - begin) / 1000;
      see({ op, attributes, inputs, outputs: [result].flat(), seconds });
      return result;
    };
  }
  // The backend's class has the methods themselves.
  return () => CALLS.forEach((name) => void delete backend[name]);
}
