/** Networks' weights as a checkpoint keeps them: a file a network, an array a weight. */

import { assignNamed, namedWeights } from '../nn/network-weights.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import type { StoredTensor } from '../weights/safetensors.ts';
import { averagedFile } from './average.ts';
import { STAGE_FILE } from './checkpoint.ts';
import type { Method, NamedTensors } from './method.ts';

export type StoredFile = ReadonlyMap<string, StoredTensor>;

/**
 * Gives networks of a method the weights of a checkpoint's files: averaged ones where there are such.
 *
 * @param names the networks; all by default.
 * @throws UserError when the weights do not fit.
 */
export function restoreNetworks(
  method: Method,
  files: Readonly<Record<string, StoredFile>>,
  names: readonly string[] = Object.keys(method.networks),
): void {
  for (const name of names) {
    const weights = namedWeights(method.networks[name]);
    const file = averagedFile(files[name] ?? new Map(), files[STAGE_FILE]);
    withTensors(file, (tensors) => assignNamed(weights, tensors));
  }
}

/** Stored arrays as tensors, for as long as `use` runs. */
export function withTensors(stored: StoredFile, use: (tensors: NamedTensors) => void): void {
  tf.tidy(() => {
    const entries = [...stored].map(([name, tensor]) => [name, toTensor(tensor)] as const);
    use(Object.fromEntries(entries));
  });
}

function toTensor({ data, shape }: StoredTensor): Tensor {
  const dtype = data instanceof Int32Array ? 'int32' : 'float32';
  return tf.tensor(data as Float32Array | Int32Array, [...shape], dtype);
}
