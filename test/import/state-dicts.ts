/** State dicts of our networks as PyTorch files, with what the original has beside its weights. */
import { writeFileSync } from 'node:fs';
import { type OriginalWeight, originalWeights } from '../../src/nn/original-names.ts';
import { type LayersModel, type Tensor, tf } from '../../src/ops/tf.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';
import {
  legacyFile,
  pickle,
  type SampleStorage,
  stateDict,
  tensor,
  zipContents,
  zipFile,
} from '../weights/pytorch/samples.ts';

export interface Entry {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}
export type Entries = Map<string, Entry>;

/** A network's weights by torch's keys; from `weights` where given, else its own. */
export function entriesOf(
  network: LayersModel,
  weights?: (weight: Pick<OriginalWeight, 'key' | 'shape'>) => Tensor | undefined,
): Entries {
  return tf.tidy(
    () =>
      new Map(
        originalWeights(network).map(({ key, variable, encode }): [string, Entry] => {
          const own = encode(variable);
          const value = weights ? weights({ key, shape: own.shape })! : own;
          return [key, { shape: own.shape, data: Float32Array.from(value.dataSync()) }];
        }),
      ) as never,
  ) as Entries;
}

/** With the layers that the original saves and never uses. */
export function withDeadWeights(entries: Entries): Entries {
  const all = new Map(entries);
  const dead = (key: string, shape: number[]) =>
    all.set(key, {
      shape,
      data: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(9),
    });
  if (entries.has('embedding.style.0.weight')) {
    dead('conv3.weight', [3, entries.get('conv2.weight')!.shape[1], 3, 3]);
    dead('conv3.bias', [3]);
  }
  if (entries.has('model.1.weight_orig')) {
    for (const [key, shape] of [
      ['bias', [1]],
      ['weight_orig', [1, 36]],
      ['weight_u', [1]],
      ['weight_v', [36]],
    ] as const)
      dead(`fc.${key}`, [...shape]);
  }
  for (const key of entries.keys())
    if (key.endsWith('.running_mean'))
      all.set(key.replace('running_mean', 'num_batches_tracked'), { shape: [], data: BigInt64Array.of(7n) });
  return all;
}

export type Form = 'old' | 'zip' | 'safetensors';

/** Writes a file of one state dict, or of several by name. */
export async function writeStateDict(
  path: string,
  dicts: Entries | Readonly<Record<string, Entries>>,
  form: Form,
) {
  if (form === 'safetensors') {
    await writeSafetensors(path, dicts as Entries);
    return;
  }
  const storages: SampleStorage[] = [];
  const dictOf = (entries: Entries) =>
    stateDict(
      [...entries].map(([key, { shape, data }]) => {
        const className = data instanceof Float32Array ? 'FloatStorage' : 'LongStorage';
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        const storage = { key: String(storages.length), className, data: bytes, length: data.length };
        storages.push(storage);
        const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, side) => product * side, 1));
        return [key, tensor(storage, { shape, strides })];
      }),
    );
  const object =
    dicts instanceof Map
      ? dictOf(dicts)
      : pickle.dict(
          ...Object.entries(dicts).flatMap(([name, entries]) => [pickle.text(name), dictOf(entries)]),
        );
  writeFileSync(
    path,
    form === 'old' ? legacyFile(object, storages) : zipFile(zipContents(pickle.file(object), storages)),
  );
}
