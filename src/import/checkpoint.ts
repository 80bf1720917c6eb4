/** Makes a checkpoint like any other of weights that a method's authors released, and a configuration that trains on from it. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { writeCheckpoint } from '../core/checkpoint.ts';
import type { MethodDefinition } from '../core/define-method.ts';
import type { Method } from '../core/method.ts';
import type { NetworkGroup, Released, ReleasedNetwork } from '../core/released.ts';
import { checkConfig, neededWeights, readConfig } from '../models/read-config.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { loadOriginalWeights, type OriginalWeight, originalWeights } from '../nn/original-names.ts';
import { tf } from '../ops/tf.ts';
import { commandLine } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { hashFile, makeFolderAtomically, writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { TensorToStore } from '../weights/safetensors.ts';
import { differences, readFinite, requireNoDifferences } from './check-tensors.ts';

/** The configuration beside an imported checkpoint, for training that begins with it. */
const FINE_TUNE = 'fine-tune.yaml';
/** What training leaves beside the weights in TensorFlow's checkpoints. */
const TF1_TRAINING = /(^|\/)(lr|global_step|beta[12]_power(_\d+)?)$|\/(Adam(_1)?|RMSProp(_1)?|Momentum)$/;

/** A checkpoint that was made of released weights. */
export interface ImportedCheckpoint {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly config: RunConfig;
  /** What was recognised, for example `DeepPS for editing of photos at 256 px`. */
  readonly description: string;
  /** The networks that were given, and those that are as initialised. */
  readonly trained: readonly string[];
  readonly untrained: readonly string[];
  /** A configuration that fine-tunes it. */
  readonly fineTune: string;
}

/**
 * Writes a checkpoint of all the networks of a method, and beside it the configuration of a training that begins with it.
 * Networks that are not given stay as the seed initialises them. Colours are red, green, blue from here on.
 *
 * @param groups networks of the method.
 * @param out a folder that does not exist or is empty.
 * @throws UserError when `out` holds something, the networks do not belong together or cannot be told apart, or weights
 *   are missing, unexpected, of another shape or not finite; nothing is left then.
 */
export async function importReleased(
  definition: MethodDefinition,
  released: Released<RunConfig>,
  groups: readonly NetworkGroup[],
  out: string,
  reporter: Reporter,
): Promise<ImportedCheckpoint> {
  requireEmpty(out);
  const paper = readConfig(fileURLToPath(released.config)).config;
  const { description, config: found, networks } = released.recognise(groups, paper);
  const config = builtConfig(definition, { ...found, name: 'imported' });
  const method = definition.create(config);
  try {
    requireFit(method, networks);
    const task = reporter.task('Importing', networks.length, 'networks');
    for (const [i, network] of networks.entries()) {
      loadNetwork(method, network);
      task.update(i + 1, network.name);
    }
    task.finish();
    const files = [...new Set(groups.flatMap(({ file }) => file.files))];
    const names = Object.keys(method.networks);
    const given = new Set(networks.map(({ name }) => name));
    const trained = names.filter((name) => given.has(name));
    const untrained = names.filter((name) => !given.has(name));
    const origin = [];
    for (const file of files) origin.push({ file: basename(file), sha256: await hashFile(file) });
    const stage = { index: 0, name: method.stages[0]?.name ?? '', step: 0 };
    const head = { step: 0, stage, config, random: {}, metrics: {}, trained, origin };
    const path = await makeFolderAtomically(out, async (temporary) => {
      await writeFileAtomically(join(temporary, FINE_TUNE), fineTuneConfig(config, out));
      return join(out, basename(await writeCheckpoint(temporary, head, arraysOf(method))));
    });
    return { path, config, description, trained, untrained, fineTune: join(out, FINE_TUNE) };
  } finally {
    method.dispose();
  }
}

/** The configuration, checked. Throws a UserError when there are no networks of such sizes. */
function builtConfig({ schema }: MethodDefinition, config: object): RunConfig {
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw new UserError('The networks are of sizes that this program does not build.', {
      got: lines.join('; '),
    });
  }
  checkConfig(parsed.data, (path) => path.map(String).join('.'));
  return parsed.data;
}

/** Throws a UserError when a group's tensors are not those of the networks that it is taken for. */
function requireFit(method: Method, networks: readonly ReleasedNetwork[]): void {
  const byPlace = new Map<string, string[]>();
  for (const group of new Set(networks.map((network) => network.group))) {
    const own = networks.filter((network) => network.group === group);
    const entries = own.flatMap(({ name }) =>
      originalWeights(method.networks[name], method.describe(name).tf1).map(
        ({ key, shape }) => [key, shape] as const,
      ),
    );
    const unused = [...own.flatMap((network) => network.unused ?? []), TF1_TRAINING];
    const names = own.map(({ name }) => name).join(', ');
    byPlace.set(`${names} (${group.where})`, differences(group.tensors, { entries, unused }));
  }
  requireNoDifferences(byPlace);
}

function loadNetwork(method: Method, { name, group }: ReleasedNetwork): void {
  const { tf1 } = method.describe(name);
  const read = ({ key, shape }: OriginalWeight) =>
    tf.tensor(readFinite(key, group.tensors, group.where), [...shape], 'float32');
  loadOriginalWeights(method.networks[name], read, tf1);
}

/** Throws a UserError when there is something at `out` already that is no empty folder. */
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

function fineTuneConfig(config: RunConfig, out: string): string {
  const training = { initialWeights: out, ...config.training };
  // Mirrored, few photos teach more.
  const data = { ...config.data, augment: { ...config.data.augment, mirror: true } };
  const own: RunConfig = { ...config, name: 'fine-tuned', data, training };
  const needed = neededWeights(config);
  return [
    '# Training that begins with the imported weights. Name your photos:',
    `#   ${commandLine('train', '--config', join(out, FINE_TUNE), '--set', 'data.source.kind=folder', '--set', 'data.source.path=photos')}`,
    '# and shorten the stages; one of {steps: 0} is left out.',
    ...needed.map(({ label, fix }) => `# It needs ${label}: ${fix}`),
    configToYaml(own),
  ].join('\n');
}
