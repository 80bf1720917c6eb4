import { listCheckpoints, readManifest } from '../core/checkpoint.ts';
import type { Criterion } from '../eval/validation.ts';

export interface BestCheckpoint {
  readonly path: string;
  readonly step: number;
  /** The metric's title, and its mean over the validation samples. */
  readonly title: string;
  readonly value: number;
}

/**
 * The checkpoint that is best by a criterion among those of the newest one's stage, for measurements of different
 * stages do not compare; of equal ones the newest. Undefined where none was measured.
 */
export async function bestCheckpoint(
  folder: string,
  { key, title, better }: Criterion,
): Promise<BestCheckpoint | undefined> {
  let stage: number | undefined;
  let best: BestCheckpoint | undefined;
  for (const { path, step } of (await listCheckpoints(folder)).reverse()) {
    // A damaged one is neither the best nor a reason to end.
    const manifest = await readManifest(path).catch(() => undefined);
    if (!manifest) continue;
    stage ??= manifest.stage.index;
    const value = manifest.metrics[key];
    if (manifest.stage.index !== stage || value === undefined) continue;
    if (!best || (better === 'lower' ? value < best.value : value > best.value))
      best = { path, step, title, value };
  }
  return best;
}
