/** Makes a checkpoint of ours from DeepPS's files. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configToYaml } from '../../config/load.ts';
import type { DpsConfig } from '../../config/methods/dps.ts';
import { writeFileAtomically } from '../../formats/atomic.ts';
import { writeCheckpoint } from '../../formats/checkpoint.ts';
import { hashFile } from '../../formats/hash-file.ts';
import type { TensorToStore } from '../../formats/safetensors.ts';
import type { Method } from '../../models/method.ts';
import { createMethod } from '../../models/registry.ts';
import { namedWeights } from '../../nn/network-weights.ts';
import { loadTorchWeights, torchEntries } from '../../nn/torch-keys.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Reporter } from '../../runtime/progress.ts';
import { type LayersModel, type Tensor, tf } from '../../runtime/tf.ts';
import { differences, readFinite, requireNoDifferences } from './check-tensors.ts';
import { configOf } from './deepps-config.ts';
import { nameNetworks } from './deepps-names.ts';
import { type FoundNetwork, UNUSED } from './deepps-network.ts';

/** The configuration beside an imported checkpoint, for training that begins with it. */
const FINE_TUNE = 'fine-tune.yaml';

export interface ImportedCheckpoint {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly config: DpsConfig;
  /** The networks that were given, and those that are as initialised. */
  readonly trained: readonly string[];
  readonly untrained: readonly string[];
  /** A configuration that fine-tunes it. */
  readonly fineTune: string;
}

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
      load(method.networks[name]!, network);
      task.update(++done, name);
    }
    task.finish();
    const names = Object.keys(method.networks);
    const trained = names.filter((name) => named.networks.has(name));
    const path = await writeCheckpoint(out, await headOf(config, method, trained, found), arraysOf(method));
    const fineTune = join(out, FINE_TUNE);
    await writeFileAtomically(fineTune, fineTuneConfig(config, out));
    return { path, config, trained, untrained: names.filter((name) => !trained.includes(name)), fineTune };
  } finally {
    method.dispose();
  }
}

function requireEmpty(out: string): void {
  if (!existsSync(out)) return;
  let names: string[] | undefined;
  try {
    names = readdirSync(out);
  } catch {
    // A file.
  }
  if (names?.length === 0) return;
  throw new UserError('There is something in the place of the checkpoint already.', {
    where: `--out ${out}`,
    expected: 'a new or an empty folder',
    got: names ? `a folder with ${names.slice(0, 3).join(', ')}` : 'a file',
    fix: 'choose another name, or remove what is there',
  });
}

function check(method: Method, networks: ReadonlyMap<string, FoundNetwork>): void {
  const byNetwork = new Map<string, string[]>();
  for (const [name, { kind, group }] of networks) {
    const entries = tf.tidy(() =>
      torchEntries(method.networks[name]!).map(
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

async function headOf(config: DpsConfig, method: Method, trained: string[], found: readonly FoundNetwork[]) {
  const paths = [...new Set(found.map(({ group }) => group.file.path))];
  const origin = [];
  for (const path of paths) origin.push({ file: basename(path), sha256: await hashFile(path) });
  const stage = { index: 0, name: method.stages[0]!.name, step: 0 };
  return { step: 0, stage, config, random: {}, metrics: {}, trained, origin };
}

function arraysOf({ networks }: Method): Record<string, [string, TensorToStore][]> {
  const files = Object.entries(networks).map(([name, network]) => {
    const weights = Object.entries(namedWeights(network));
    return [
      name,
      weights.map(([key, weight]) => [key, { shape: weight.shape, data: weight.dataSync() }]),
    ] as const;
  });
  return Object.fromEntries(files) as Record<string, [string, TensorToStore][]>;
}

function fineTuneConfig(config: DpsConfig, out: string): string {
  const own = { ...config, name: 'fine-tuned', training: { initialWeights: out, ...config.training } };
  return [
    '# Training that begins with the imported weights. Name your photos:',
    `#   npm run train -- --config ${join(out, FINE_TUNE)} --set data.source.kind=folder --set data.source.path=photos`,
    '# and shorten the stages; one of {steps: 0} is left out. Without --set loss.perceptual.network=hed-vgg16 it needs VGG19.',
    configToYaml(own),
  ].join('\n');
}
