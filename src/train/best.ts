import { listCheckpoints, readManifest } from '../formats/checkpoint.ts';

export interface BestCheckpoint {
  readonly path: string;
  readonly step: number;
  /** Its L1 inside the holes of the validation samples. */
  readonly l1: number;
}

/**
 * The checkpoint with the smallest held-out error among those of the newest one's stage, for errors of different stages
 * do not compare; of equal ones the newest. Undefined where none was measured.
 */
export async function bestCheckpoint(folder: string): Promise<BestCheckpoint | undefined> {
  let stage: number | undefined;
  let best: BestCheckpoint | undefined;
  for (const { path, step } of (await listCheckpoints(folder)).reverse()) {
    // A damaged one is neither the best nor a reason to end.
    const manifest = await readManifest(path).catch(() => undefined);
    if (!manifest) continue;
    stage ??= manifest.stage.index;
    const { l1 } = manifest.metrics;
    if (manifest.stage.index !== stage || l1 === undefined) continue;
    if (!best || l1 < best.l1) best = { path, step, l1 };
  }
  return best;
}
