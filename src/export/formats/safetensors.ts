import { join } from 'node:path';
import { type OriginalWeight, originalWeights } from '../../nn/original-names.ts';
import { tf } from '../../ops/tf.ts';
import { readSafetensors, type TensorToStore, writeSafetensors } from '../../weights/safetensors.ts';
import type { Difference, Proof } from '../proof.ts';
import type { Exporter } from './exporter.ts';

/**
 * `safetensors/NETWORK.safetensors` for every network, with the names and the layout that the original's code gives
 * them in PyTorch or TensorFlow 1, in single precision; what weights do not show is in the metadata. Proven by reading
 * them back.
 */
export const exportSafetensors: Exporter = async (source, { folder, metadata }) => {
  const proofs: Proof[] = [];
  for (const network of source.computation.networks) {
    const path = join(folder, 'safetensors', `${network.name}.safetensors`);
    const { tf1, unusedWeights = {} } = source.network(network).computation.description ?? {};
    const entries = originalWeights(network, tf1);
    const stored = [...entries.map(storedEntry), ...Object.entries(unusedWeights).map(zeros)];
    await writeSafetensors(path, stored, { network: network.name, ...metadata });
    const outputs = { weights: weightDifference(entries, path) };
    proofs.push({ network: network.name, format: 'safetensors', runtime: 'reader', tolerance: 0, outputs });
  }
  return proofs;
};

function storedEntry({ key, variable, encode }: OriginalWeight): readonly [string, TensorToStore] {
  const tensor = encode(variable);
  const stored = { shape: tensor.shape, data: tensor.dataSync() as Float32Array };
  tensor.dispose();
  return [key, stored];
}

/** A weight that the original's code does not use, but without which it does not load a file. */
function zeros([key, shape]: readonly [string, readonly number[]]): readonly [string, TensorToStore] {
  return [key, { shape, data: new Float32Array(shape.reduce((product, side) => product * side, 1)) }];
}

function weightDifference(entries: readonly OriginalWeight[], path: string): Difference {
  const stored = readSafetensors(path);
  let [max, sum, count] = [0, 0, 0];
  for (const { key, variable, encode } of entries) {
    const tensor = stored.get(key);
    if (!tensor) throw new Error(`${path} lacks ${key}, which was written to it`);
    const { shape, data } = tensor;
    tf.tidy(() => {
      const difference = tf.abs(tf.sub(tf.tensor(data as Float32Array, [...shape]), encode(variable)));
      max = Math.max(max, tf.max(difference).dataSync()[0]);
      sum += tf.sum(difference).dataSync()[0];
      count += difference.size;
    });
  }
  return { max, mean: sum / count, scale: 1 };
}
