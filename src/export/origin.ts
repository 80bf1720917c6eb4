/** Where an export comes from: what `export.json` and the model card say of its checkpoint. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Config, methodOf } from '../config/schema.ts';
import type { Control } from '../core/control.ts';
import type { LoadedMethod } from '../models/load.ts';

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
  readonly config: Config;
}

export async function originOf({ path, checkpoint, config, method }: LoadedMethod): Promise<Origin> {
  const manifest = await readFile(join(path, 'manifest.json'));
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
  return `${methodOf(config).title} (${config.method}), ${task} at ${config.resolution} px, step ${step} of ${checkpoint}`;
}

/** What may be done with the files. */
export const LICENCE =
  'The program that wrote this model is under the MIT licence. The weights are what training made of the images named ' +
  'under origin: who passes the weights on must have the right to do so from those images’ owners.';
