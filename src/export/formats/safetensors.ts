import { join } from 'node:path';
import { readSafetensors, type TensorToStore, writeSafetensors } from '../../formats/safetensors.ts';
import { ReflectionConv2D } from '../../nn/reflection-conv.ts';
import { torchEntries } from '../../nn/torch-keys.ts';
import { type LayersModel, tf } from '../../runtime/tf.ts';
import type { Difference, Proof } from '../proof.ts';
import type { Exporter } from './exporter.ts';

/**
 * `safetensors/NETWORK.safetensors` for every network, with the names and the layout that the original's code gives
 * them in PyTorch, in single precision; what weights do not show is in the metadata. Proven by reading them back.
 */
export const exportSafetensors: Exporter = async ({ computation }, { folder, metadata }) => {
  const proofs: Proof[] = [];
  for (const network of computation.networks) {
    const path = join(folder, 'safetensors', `${network.name}.safetensors`);
    await writeSafetensors(path, torchTensors(network), { network: network.name, ...metadata });
    const outputs = { weights: weightDifference(network, path) };
    proofs.push({ network: network.name, format: 'safetensors', runtime: 'reader', tolerance: 0, outputs });
  }
  return proofs;
};

function torchTensors(network: LayersModel): (readonly [string, TensorToStore])[] {
  const entries = torchEntries(network).map(({ key, variable, toTorch }) => {
    const tensor = toTorch(variable);
    const stored = { shape: tensor.shape, data: tensor.dataSync() as Float32Array };
    tensor.dispose();
    return [key, stored] as const;
  });
  return [...entries, ...unusedEntries(network)];
}

/** The original's generators have a layer that nothing uses, without which its code would not load them: zeros. */
function unusedEntries(network: LayersModel): (readonly [string, TensorToStore])[] {
  const picture = network.layers.find(({ name }) => name === 'conv2');
  if (!(picture instanceof ReflectionConv2D) || picture.config.filters !== 4) return [];
  const [, , channels] = picture.kernel.shape as number[];
  const zeros = (...shape: number[]): TensorToStore => ({
    shape,
    data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
  });
  return [
    ['conv3.weight', zeros(3, channels!, 3, 3)],
    ['conv3.bias', zeros(3)],
  ];
}

function weightDifference(network: LayersModel, path: string): Difference {
  const stored = readSafetensors(path);
  let [max, sum, count] = [0, 0, 0];
  for (const { key, variable, fromTorch } of torchEntries(network)) {
    const { shape, data } = stored.get(key)!;
    tf.tidy(() => {
      const difference = tf.abs(tf.sub(fromTorch(tf.tensor(data as Float32Array, [...shape])), variable));
      max = Math.max(max, tf.max(difference).dataSync()[0]!);
      sum += tf.sum(difference).dataSync()[0]!;
      count += difference.size;
    });
  }
  return { max, mean: sum / count, scale: 1 };
}
