/** The checkpoints that are evaluated side by side. */
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readManifest } from '../core/checkpoint.ts';
import { type CompiledPredictor, compilePredictor } from '../core/compiled-predictor.ts';
import { type LoadedMethod, loadMethod, trainedPredictor } from '../models/load.ts';
import { readConfig } from '../models/read-config.ts';
import { UserError } from '../runtime/errors.ts';
import { readState } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { EvaluationSet } from './suite/set.ts';

export interface EvaluatedCheckpoint {
  /** For example `00001-quickstart, step 1800`. */
  readonly label: string;
  readonly loaded: LoadedMethod;
  readonly predictor: CompiledPredictor;
  /** SHA-256 of the manifest, which holds those of the weights: different checkpoints differ in it. */
  readonly sha256: string;
}

/**
 * Opens checkpoints, given as runs or checkpoints, to be measured side by side.
 *
 * @throws UserError when one cannot be used, is given twice, or its images differ from the first's in size or task.
 */
export async function openCheckpoints(
  paths: readonly string[],
  reporter: Reporter,
  dataSets: readonly string[] = [],
): Promise<EvaluatedCheckpoint[]> {
  const checkpoints: EvaluatedCheckpoint[] = [];
  try {
    for (const path of paths) {
      const checkpoint = await openCheckpoint(path, reporter, dataSets);
      checkpoints.push(checkpoint);
      requireComparable(checkpoints[0], checkpoint);
      const twice = checkpoints.find((other) => other !== checkpoint && other.sha256 === checkpoint.sha256);
      if (twice) {
        throw new UserError('A checkpoint is given twice.', {
          where: `--checkpoint ${path}`,
          got: `the same as ${twice.loaded.path}`,
        });
      }
    }
    return withUniqueLabels(checkpoints);
  } catch (error) {
    closeCheckpoints(checkpoints);
    throw error;
  }
}

/** Frees their networks. */
export function closeCheckpoints(checkpoints: readonly EvaluatedCheckpoint[]): void {
  for (const { loaded, predictor } of checkpoints) {
    predictor.dispose();
    loaded.method.dispose();
  }
}

async function openCheckpoint(
  path: string,
  reporter: Reporter,
  dataSets: readonly string[],
): Promise<EvaluatedCheckpoint> {
  const loaded = withData(await loadMethod(path), dataSets);
  try {
    const predictor = compilePredictor(trainedPredictor(loaded), reporter);
    const { sha256 } = await readManifest(loaded.path);
    return { label: labelOf(loaded), loaded, predictor, sha256 };
  } catch (error) {
    loaded.method.dispose();
    throw error;
  }
}

/** A checkpoint whose photos lie elsewhere now. @throws UserError when a key or value is wrong. */
function withData(loaded: LoadedMethod, dataSets: readonly string[]): LoadedMethod {
  if (dataSets.length === 0) return loaded;
  try {
    return { ...loaded, config: readConfig(loaded.config, dataSets).config };
  } catch (error) {
    loaded.method.dispose();
    throw error;
  }
}

/** The run's name and the step if the checkpoint lies in a run, otherwise the name of its folder. */
function labelOf({ path, checkpoint }: LoadedMethod): string {
  const inRun = basename(dirname(path)) === 'checkpoints';
  const name = basename(inRun ? dirname(dirname(path)) : path);
  return inRun ? `${name}, step ${checkpoint.step}` : name;
}

/** Checkpoints with the same label are labelled by their paths instead. */
function withUniqueLabels(checkpoints: readonly EvaluatedCheckpoint[]): EvaluatedCheckpoint[] {
  return checkpoints.map((checkpoint) => {
    const { label, loaded } = checkpoint;
    const isUnique = checkpoints.every((other) => other === checkpoint || other.label !== label);
    return isUnique ? checkpoint : { ...checkpoint, label: loaded.path };
  });
}

function requireComparable(first: EvaluatedCheckpoint, checkpoint: EvaluatedCheckpoint): void {
  const { config: a, path } = first.loaded;
  const { config: b } = checkpoint.loaded;
  const differences = [
    ['sizes', 'photos of', `${a.resolution} px`, `${b.resolution} px`],
    ['sizes', 'results of', `${first.predictor.resolution} px`, `${checkpoint.predictor.resolution} px`],
    ['tasks', 'task', a.task, b.task],
  ] as const;
  for (const [what, which, one, other] of differences) {
    if (one === other) continue;
    throw new UserError(`Checkpoints of different ${what} cannot be measured side by side.`, {
      where: checkpoint.loaded.path,
      expected: `${which} ${one}, as of ${path}`,
      got: other,
      fix: 'evaluate them one at a time',
    });
  }
}

/** How many photos of the set a checkpoint was trained on; undefined if that is not known. */
export async function trainedOn(
  { loaded }: EvaluatedCheckpoint,
  set: EvaluationSet,
  source: LoadedMethod['config']['data']['source'],
): Promise<number | undefined> {
  if (set.split === 'train' || !sameSource(loaded.config.data.source, source)) return undefined;
  // Imported checkpoints have no such list.
  const list = await readState(
    join(dirname(dirname(loaded.path)), 'training-samples.json'),
    z.array(z.string()),
  );
  if (!list) return undefined;
  const ids = new Set(list);
  return set.photos.filter(({ id }) => ids.has(id)).length;
}

/** Whether photos of equal ids are the same photos. */
function sameSource(a: object | readonly object[], b: object | readonly object[]): boolean {
  const identity = (source: object | readonly object[]) =>
    [source].flat().map((one) => ({ ...one, count: 0, limit: 0, weight: 0 }));
  return isDeepStrictEqual(identity(a), identity(b));
}
