/** Where an export comes from: what `export.json` and the model card say of its checkpoint. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Config } from '../config/schema.ts';
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
  readonly config: Config;
}

export async function originOf({ path, checkpoint, config }: LoadedMethod): Promise<Origin> {
  const manifest = await readFile(join(path, 'manifest.json'));
  return {
    checkpoint: relative('.', path) || '.',
    sha256: createHash('sha256').update(manifest).digest('hex'),
    step: checkpoint.step,
    ...(checkpoint.origin && { imported: checkpoint.origin }),
    metrics: checkpoint.metrics,
    config,
  };
}

/** One sentence for files that have room for one. */
export function describeOrigin({ config, step, checkpoint }: Origin): string {
  const task = config.task === 'edit' ? 'sketch-guided face editing' : 'faces from sketches';
  return `Deep Plastic Surgery (${config.method}), ${task} at ${config.resolution} px, step ${step} of ${checkpoint}`;
}

/** What may be done with the files. */
export const LICENCE =
  'The program that wrote this model is under the MIT licence. The weights are what training made of the images named ' +
  'under origin: who passes the weights on must have the right to do so from those images’ owners.';
