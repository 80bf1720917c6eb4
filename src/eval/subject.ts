/** What is evaluated: a checkpoint's method, under a name for people. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readManifest } from '../core/checkpoint.ts';
import type { Predictor } from '../core/method.ts';
import { type LoadedMethod, loadMethod, trainedPredictor } from '../models/load.ts';
import { UserError } from '../runtime/errors.ts';
import type { EvaluationSet } from './suite/set.ts';

export interface Subject {
  /** For example `00001-quickstart, step 1800`. */
  readonly label: string;
  readonly loaded: LoadedMethod;
  readonly predictor: Predictor;
  /** Tells checkpoints apart: SHA-256 of the manifest, which holds those of the weights. */
  readonly sha256: string;
}

/**
 * Opens checkpoints, given as runs or checkpoints, to be measured side by side.
 *
 * @throws UserError when one cannot be used, is given twice, or its images differ from the first's in size or task.
 */
export async function openSubjects(paths: readonly string[]): Promise<Subject[]> {
  const subjects: Subject[] = [];
  try {
    for (const path of paths) {
      const subject = await openSubject(path);
      subjects.push(subject);
      requireComparable(subjects[0], subject);
      const twice = subjects.find((other) => other !== subject && other.sha256 === subject.sha256);
      if (twice) {
        throw new UserError('A checkpoint is given twice.', {
          where: `--checkpoint ${path}`,
          got: `the same as ${twice.loaded.path}`,
        });
      }
    }
    return withOwnLabels(subjects);
  } catch (error) {
    for (const { loaded } of subjects) loaded.method.dispose();
    throw error;
  }
}

async function openSubject(path: string): Promise<Subject> {
  const loaded = await loadMethod(path);
  try {
    const predictor = trainedPredictor(loaded);
    const { sha256 } = await readManifest(loaded.path);
    return { label: labelOf(loaded), loaded, predictor, sha256 };
  } catch (error) {
    loaded.method.dispose();
    throw error;
  }
}

/** By the run's name where the checkpoint lies in a run, else by its folder's. */
function labelOf({ path, checkpoint }: LoadedMethod): string {
  const inRun = basename(dirname(path)) === 'checkpoints';
  const name = basename(inRun ? dirname(dirname(path)) : path);
  return inRun ? `${name}, step ${checkpoint.step}` : name;
}

/** Runs of one name in different places are told apart by their paths. */
function withOwnLabels(subjects: readonly Subject[]): Subject[] {
  return subjects.map((subject) => {
    const alone = subjects.filter(({ label }) => label === subject.label).length === 1;
    return alone ? subject : { ...subject, label: subject.loaded.path };
  });
}

function requireComparable(first: Subject, subject: Subject): void {
  const { config: a, path } = first.loaded;
  const { config: b } = subject.loaded;
  const differences = [
    ['sizes', 'photos of', `${a.resolution} px`, `${b.resolution} px`],
    ['sizes', 'results of', `${first.predictor.resolution} px`, `${subject.predictor.resolution} px`],
    ['tasks', 'task', a.task, b.task],
  ] as const;
  for (const [what, which, one, other] of differences) {
    if (one === other) continue;
    throw new UserError(`Checkpoints of different ${what} cannot be measured side by side.`, {
      where: subject.loaded.path,
      expected: `${which} ${one}, as of ${path}`,
      got: other,
      fix: 'evaluate them one at a time',
    });
  }
}

/** How many photos of the set a checkpoint was trained on; undefined where that cannot be told. */
export async function trainedOn(
  { loaded }: Subject,
  set: EvaluationSet,
  source: LoadedMethod['config']['data']['source'],
): Promise<number | undefined> {
  if (set.split === 'train' || !sameSource(loaded.config.data.source, source)) return undefined;
  try {
    const file = join(dirname(dirname(loaded.path)), 'training-samples.json');
    const ids = new Set(JSON.parse(await readFile(file, 'utf8')) as string[]);
    return set.photos.filter(({ id }) => ids.has(id)).length;
  } catch {
    // An imported checkpoint has no such list.
    return undefined;
  }
}

/** Whether equal ids mean equal photos. */
function sameSource(a: object, b: object): boolean {
  const identity = (source: object) => ({ ...source, count: 0, limit: 0 });
  return isDeepStrictEqual(identity(a), identity(b));
}
