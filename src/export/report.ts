/** What `export.json` and the model card say of an export: what made it, and from which checkpoint. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import type { Control } from '../core/vocabulary.ts';
import type { LoadedMethod } from '../models/load.ts';
import { definitionOf } from '../models/registry.ts';
import { readBytes } from '../runtime/files.ts';
import type { Precision } from '../weights/float16.ts';
import type { Proof } from './proof.ts';

/** What stands in `export.json`. */
export interface ExportReport {
  readonly formatVersion: 1;
  readonly producer: typeof PRODUCER;
  readonly precision: Precision;
  readonly origin: Origin;
  readonly proofs: readonly Proof[];
  /** By path in the export; all but `export.json`, `README.md` and `config.json`. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Where an export comes from. */
export interface Origin {
  /** The checkpoint's folder. */
  readonly checkpoint: string;
  /** SHA-256 of its manifest, which has that of every weight file. */
  readonly sha256: string;
  readonly step: number;
  /** Files that the weights were imported from. */
  readonly imported?: readonly { readonly file: string; readonly sha256: string }[];
  /** Measurements on held-out samples while it trained. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What its users control beside photo and hole. */
  readonly controls: readonly Control[];
  readonly config: RunConfig;
}

export async function originOf({ path, checkpoint, config, method }: LoadedMethod): Promise<Origin> {
  const manifest = await readBytes(join(path, 'manifest.json'));
  return {
    checkpoint: relative('.', path) || '.',
    sha256: createHash('sha256').update(manifest).digest('hex'),
    step: checkpoint.step,
    ...(checkpoint.origin && { imported: checkpoint.origin }),
    metrics: checkpoint.metrics,
    controls: method.predictor().controls,
    config,
  };
}

/** One sentence for files that have room for one. */
export function describeOrigin({ config, controls, step, checkpoint }: Origin): string {
  const guide = controls.includes('sketch') ? 'sketch-guided face editing' : 'filling of holes in faces';
  const task = config.task === 'edit' ? guide : 'faces from sketches';
  return `${definitionOf(config).title} (${config.method}), ${task} at ${config.resolution} px, step ${step} of ${checkpoint}`;
}

/** What may be done with the files. */
export const LICENCE =
  'The program that wrote this model is under the MIT licence. The weights are what training made of the images named ' +
  'under origin: who passes the weights on must have the right to do so from those images’ owners.';

const { name, version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { name: string; version: string };

/** This program, for the files that it writes. */
export const PRODUCER = { name, version } as const;

/** What an exported file says of its model beside the weights, which do not show all that its use depends on. */
export type Metadata = Readonly<Record<string, string>>;

/** Parts of a configuration that only training depends on. */
const OF_TRAINING = ['name', 'seed', 'data', 'loss', 'training', 'output'];

/** The other keys of the configuration, by their paths. */
export function describeConfig(config: RunConfig): Metadata {
  const parts = Object.entries(config).filter(([key]) => !OF_TRAINING.includes(key));
  return Object.fromEntries(leaves(Object.fromEntries(parts)));
}

function leaves(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return [];
    return typeof value === 'object' ? leaves(value, `${path}${key}.`) : [[path + key, String(value)]];
  });
}
