/** Makes a checkpoint of ours from a TensorFlow 1 checkpoint of another system. */
import { createMethod } from '../models/registry.ts';
import { loadTf1Weights, tf1Entries } from '../nn/tf1-keys.ts';
import { tf } from '../ops/tf.ts';
import type { Reporter } from '../runtime/progress.ts';
import { differences, readFinite, requireNoDifferences } from './check-tensors.ts';
import { type ImportedCheckpoint, requireEmpty, writeImported } from './imported-checkpoint.ts';
import type { Tf1System } from './tf1-network.ts';

/** What training leaves beside weights, and `biases2` of SC-FEGAN, which its generator has and does not use. */
const UNUSED =
  /(^|\/)(lr|global_step|beta[12]_power(_\d+)?)$|\/(Adam(_1)?|RMSProp(_1)?|Momentum)$|^generator\/deconv\d\/biases2$/;

/**
 * Writes a checkpoint of all the networks of a system, and beside it the configuration of a training that begins with it.
 * Colours are red, green, blue from here on. Networks that are not given stay as the seed initialises them.
 *
 * @param out a folder that does not exist or is empty.
 * @throws UserError when `out` holds something, or weights are missing, unexpected, of another shape or not finite; nothing
 *   is left then.
 */
export async function importTf1(
  { group, description, config, networks }: Tf1System,
  out: string,
  reporter: Reporter,
): Promise<ImportedCheckpoint> {
  requireEmpty(out);
  const method = createMethod(config);
  try {
    const given = networks.map((name) => [method.networks[name], method.ports(name).tf1!] as const);
    const entries = given.flatMap(([network, naming]) =>
      tf1Entries(network, naming).map(({ key, shape }) => [key, shape] as const),
    );
    requireNoDifferences(new Map([[group.where, differences(group.tensors, { entries, unused: UNUSED })]]));
    const task = reporter.task('Importing', entries.length, 'variables');
    let done = 0;
    for (const [network, naming] of given)
      loadTf1Weights(network, naming, ({ key, shape, exchangeColours }) => {
        const values = readFinite(key, group.tensors.get(key)!, group.where);
        task.update(++done, key);
        return exchangeColours(tf.tensor(values, [...shape]));
      });
    task.finish();
    const trained = new Set(networks);
    return await writeImported({ description, config, method, trained, files: group.file.files }, out);
  } finally {
    method.dispose();
  }
}
