/** A training's tensors as the arrays of a checkpoint, and back. */

import type { Method, Trainable } from '../core/method.ts';
import { type StoredFile, withTensors } from '../core/stored-networks.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { attribute, runOp } from '../ops/raw.ts';
import { type Tensor, tf } from '../ops/tf.ts';
import type { TensorData, TensorToStore } from '../weights/safetensors.ts';

/** The file of optimiser slots and what else a stage keeps beside its networks' weights. */
const STAGE_FILE = 'stage';

type Arrays = Record<string, [string, TensorToStore][]>;

/** Copies all networks' weights, a file each, and the running stage's other state. */
export function takeSnapshot(method: Method, trainable: Trainable): Arrays {
  const files: Arrays = {};
  const known = new Set<string>();
  for (const [file, network] of Object.entries(method.networks)) {
    const weights = Object.entries(namedWeights(network));
    files[file] = weights.map(([name, weight]) => [name, toArray(weight)]);
    for (const [name] of weights) known.add(name);
  }
  const state = trainable.state();
  files[STAGE_FILE] = Object.entries(state)
    .filter(([name]) => !known.has(name))
    .map(([name, tensor]) => [name, toArray(tensor)]);
  tf.dispose(state);
  return files;
}

/** Puts a stage's state back, its networks' weights included. Throws a UserError when it does not fit. */
export function restoreStage(trainable: Trainable, files: Readonly<Record<string, StoredFile>>): void {
  const all = new Map(Object.values(files).flatMap((file) => [...file]));
  withTensors(all, (tensors) => trainable.restore(tensors));
}

/** An array of its own: TF.js hands out the one that a tensor was made from, which may not be given away. */
function toArray(tensor: Tensor): TensorToStore {
  const type = attribute.type('T', tensor.dtype as 'float32' | 'int32');
  const copy = runOp('Identity', [type], [tensor]);
  const data = copy.dataSync() as TensorData;
  copy.dispose();
  return { shape: tensor.shape, data };
}
