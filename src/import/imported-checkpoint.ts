/** The checkpoint that an import makes: one like any other, and a configuration that trains on from it. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configToYaml } from '../config/load.ts';
import type { RunConfig } from '../config/run-config.ts';
import { writeCheckpoint } from '../core/checkpoint.ts';
import type { Method } from '../core/method.ts';
import { neededWeights } from '../models/read-config.ts';
import { namedWeights } from '../nn/network-weights.ts';
import { UserError } from '../runtime/errors.ts';
import { hashFile, writeFileAtomically } from '../runtime/files.ts';
import type { TensorToStore } from '../weights/safetensors.ts';

/** The configuration beside an imported checkpoint, for training that begins with it. */
const FINE_TUNE = 'fine-tune.yaml';

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

export interface ImportedMethod {
  readonly description: string;
  readonly config: RunConfig;
  /** With its weights. */
  readonly method: Method;
  /** The networks that were given. */
  readonly trained: ReadonlySet<string>;
  /** The files that they are from. */
  readonly files: readonly string[];
}

/** Throws a UserError when there is something at `out` already that is no empty folder. */
export function requireEmpty(out: string): void {
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

/** Writes a checkpoint of all networks of a method, and beside it the configuration of a training that begins with it. */
export async function writeImported(imported: ImportedMethod, out: string): Promise<ImportedCheckpoint> {
  const { config, method, description } = imported;
  const names = Object.keys(method.networks);
  const trained = names.filter((name) => imported.trained.has(name));
  const origin = [];
  for (const file of imported.files) origin.push({ file: basename(file), sha256: await hashFile(file) });
  const stage = { index: 0, name: method.stages[0].name, step: 0 };
  const head = { step: 0, stage, config, random: {}, metrics: {}, trained, origin };
  const path = await writeCheckpoint(out, head, arraysOf(method));
  const fineTune = join(out, FINE_TUNE);
  await writeFileAtomically(fineTune, fineTuneConfig(config, out));
  const untrained = names.filter((name) => !trained.includes(name));
  return { path, config, description, trained, untrained, fineTune };
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
  const own = { ...config, name: 'fine-tuned', training } as RunConfig;
  const needed = neededWeights(config);
  return [
    '# Training that begins with the imported weights. Name your photos:',
    `#   npm run train -- --config ${join(out, FINE_TUNE)} --set data.source.kind=folder --set data.source.path=photos`,
    '# and shorten the stages; one of {steps: 0} is left out.',
    ...needed.map(({ label, fix }) => `# It needs ${label}: ${fix}`),
    configToYaml(own),
  ].join('\n');
}
