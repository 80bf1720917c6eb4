import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { hedLayers, kernelOfKeras } from '../nn/hed-torch.ts';
import { UserError } from '../runtime/errors.ts';
import { hashFile } from '../runtime/files.ts';
import { type TensorToStore, writeSafetensors } from '../weights/safetensors.ts';
import type { AuxiliaryNetwork } from './auxiliary-networks.ts';
import { differences, readFinite, requireNoDifferences } from './check-tensors.ts';
import type { NetworkGroup } from './groups.ts';
import type { WeightFile, WeightTensor } from './weight-file.ts';

/**
 * Writes the weights of a network that losses or metrics use as a safetensors file, by torch's names and in its layout,
 * without the layers that nothing here uses.
 *
 * @param out the file; it does not exist yet.
 * @throws UserError when `--as` says otherwise, weights are missing, unexpected, of another shape or not finite, or
 *   `out` cannot be; nothing is left then.
 */
export async function importAuxiliary(
  group: NetworkGroup,
  network: AuxiliaryNetwork,
  out: string,
): Promise<void> {
  const { tensors, where, asked, file } = group;
  if (asked !== undefined && asked !== network.name)
    throw new UserError('A network is not what --as says.', {
      where: `--as ${asked}, for ${where}`,
      expected: network.name,
      got: `${network.description}, by its keys`,
    });
  requireNewFile(out);
  requireNoDifferences(new Map([[where, differences(tensors, network)]]));
  const entries = [...network.entries].map(([key, shape]): [string, TensorToStore] => [
    key,
    { shape, data: readFinite(key, tensors.get(key)!, where) },
  ]);
  await writeSafetensors(out, entries, {
    network: network.name,
    source: basename(file.path),
    sha256: await hashFile(file.path),
  });
}

function requireNewFile(out: string): void {
  if (!out.endsWith('.safetensors'))
    throw new UserError('The weights of this network become one file.', {
      where: `--out ${out}`,
      expected: 'a file name that ends with .safetensors',
    });
  if (existsSync(out))
    throw new UserError('There is a file of that name already.', {
      where: `--out ${out}`,
      fix: 'choose another name, or remove the file',
    });
}

/** A Keras file of HED with pytorch-hed's names and layout; every other file as it is. */
export function withTorchNames(file: WeightFile): WeightFile {
  const { tensors } = file;
  if (!tensors.has('fuse/vars/0') || !tensors.has('block1/layers/conv2d/vars/0')) return file;
  const renamed = hedLayers.flatMap(({ keras, torch, shape }): [string, WeightTensor][] => {
    const [kernel, bias] = [tensors.get(`${keras}/vars/0`), tensors.get(`${keras}/vars/1`)];
    const fits = String(kernel?.shape) === String([shape[2], shape[3], shape[1], shape[0]]);
    return [
      ...(kernel && fits
        ? [
            [
              `${torch}.weight`,
              { ...kernel, shape, read: () => kernelOfKeras(kernel.read() as Float32Array, shape) },
            ] as [string, WeightTensor],
          ]
        : []),
      ...(bias ? [[`${torch}.bias`, bias] as [string, WeightTensor]] : []),
    ];
  });
  return { ...file, tensors: new Map(renamed) };
}
