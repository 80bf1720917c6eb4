/** Makes a checkpoint of ours from DeepPS's files. */
import type { Method } from '../core/method.ts';
import { createMethod } from '../models/registry.ts';
import { loadTorchWeights, torchEntries } from '../nn/torch-keys.ts';
import { type LayersModel, type Tensor, tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { differences, readFinite, requireNoDifferences } from './check-tensors.ts';
import { configOf } from './deepps-config.ts';
import { nameNetworks } from './deepps-names.ts';
import { type FoundNetwork, UNUSED } from './deepps-network.ts';
import { type ImportedCheckpoint, requireEmpty, writeImported } from './imported-checkpoint.ts';

/**
 * Writes a checkpoint of all the networks, and beside it the configuration of a training that begins with it. Networks
 * that are not given stay as the seed initialises them.
 *
 * @param out a folder that does not exist or is empty.
 * @throws UserError when `out` holds something, the networks do not belong together or cannot be told apart, or weights
 *   are missing, unexpected, of another shape or not finite; nothing is left then.
 */
export async function importDeepPs(
  found: readonly FoundNetwork[],
  out: string,
  reporter: Reporter,
): Promise<ImportedCheckpoint> {
  requireEmpty(out);
  const named = nameNetworks(found);
  const config = configOf(named);
  const method = createMethod(config);
  try {
    check(method, named.networks);
    const task = reporter.task('Importing', named.networks.size, 'networks');
    let done = 0;
    for (const [name, network] of named.networks) {
      load(method.networks[name], network);
      task.update(++done, name);
    }
    task.finish();
    const what = config.task === 'edit' ? 'editing of photos' : 'synthesis from sketches';
    const imported = {
      description: `DeepPS for ${what} at ${config.resolution} px`,
      config,
      method,
      trained: new Set(named.networks.keys()),
      files: [...new Set(found.flatMap(({ group }) => group.file.files))],
    };
    return await writeImported(imported, out);
  } finally {
    method.dispose();
  }
}

function check(method: Method, networks: ReadonlyMap<string, FoundNetwork>): void {
  const byNetwork = new Map<string, string[]>();
  for (const [name, { kind, group }] of networks) {
    const entries = tf.tidy(() =>
      torchEntries(method.networks[name]).map(
        ({ key, variable, toTorch }) => [key, toTorch(variable).shape] as const,
      ),
    );
    byNetwork.set(`${name} (${group.where})`, differences(group.tensors, { entries, unused: UNUSED[kind] }));
  }
  requireNoDifferences(byNetwork);
}

function load(network: LayersModel, { group }: FoundNetwork): void {
  loadTorchWeights(network, (key, shape) => {
    const values = readFinite(key, group.tensors.get(key)!, group.where);
    return tf.tensor(values, [...shape], 'float32') as Tensor;
  });
}
