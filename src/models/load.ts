/** A trained method from a checkpoint, to use and not to train. */

import { join } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import { type Checkpoint, CheckpointGone, readCheckpoint, readManifest } from '../core/checkpoint.ts';
import { resolveCheckpoint } from '../core/choose-checkpoint.ts';
import type { Method, Predictor } from '../core/method.ts';
import { restoreNetworks } from '../core/stored-networks.ts';
import { npmRun } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import { storedConfig } from './read-config.ts';
import { createMethod } from './registry.ts';

/** A method with the weights of a checkpoint. */
export interface LoadedMethod {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly config: RunConfig;
  readonly method: Method;
  readonly checkpoint: Omit<Checkpoint, 'tensors'>;
  /** The networks that hold trained weights, by their names in {@link Method.networks}. */
  readonly trained: readonly string[];
}

/**
 * Builds the method of a checkpoint with its weights. It can predict, not train. The caller disposes of the method.
 *
 * @param path a run's folder, which stands for its newest checkpoint, a checkpoint's, or the name of a model in `pretrained/`.
 * @throws UserError when there is no checkpoint, or it is damaged or of another version of this program.
 */
export async function loadMethod(path: string): Promise<LoadedMethod> {
  const { folder, tensors, ...checkpoint } = await readNewest(path);
  const config = storedConfig(checkpoint.config, join(folder, 'manifest.json'));
  const method = createMethod(config);
  const networks = Object.keys(method.networks);
  const trained = checkpoint.trained ?? networks;
  try {
    // A model that ships has no files of the networks that only training needs.
    const stored = networks.filter((name) => trained.includes(name) || name in tensors);
    restoreNetworks(method, tensors, stored);
  } catch (error) {
    method.dispose();
    throw error;
  }
  return { path: folder, config, method, checkpoint, trained };
}

/** Reads a checkpoint. Of a run that trains, the newest may be removed while it is read: then there is a newer one. */
async function readNewest(path: string): Promise<Checkpoint & { folder: string }> {
  const folder = await resolveCheckpoint(path);
  try {
    return { ...(await readCheckpoint(folder)), folder };
  } catch (error) {
    const newest = error instanceof CheckpointGone && (await resolveCheckpoint(path).catch(() => folder));
    if (!newest || newest === folder) throw error;
    return readNewest(path);
  }
}

/** What people are told of a model: the run's name and its step. */
export const nameOfModel = ({ config, checkpoint }: Pick<LoadedMethod, 'config' | 'checkpoint'>): string =>
  `${config.name}, step ${checkpoint.step}`;

/** Whether the networks are trained that a checkpoint's predictions need. Its weights are not read. */
export async function canPredict(checkpoint: string): Promise<boolean> {
  const { config, trained } = await readManifest(checkpoint);
  const method = createMethod(storedConfig(config, join(checkpoint, 'manifest.json')));
  try {
    return method.predictor().networks.every((name) => trained?.includes(name) ?? true);
  } finally {
    method.dispose();
  }
}

/** The predictor of a loaded method. Throws a UserError when a network that it runs is not trained yet. */
export function trainedPredictor({ method, trained, path }: LoadedMethod): Predictor {
  const predictor = method.predictor();
  requireTrained(predictor.networks, trained, path);
  return predictor;
}

/** Throws a UserError that names the networks of `names` that are not among the trained ones. */
export function requireTrained(names: readonly string[], trained: readonly string[], path: string): void {
  const missing = names.filter((name) => !trained.includes(name));
  if (missing.length === 0) return;
  throw new UserError('The checkpoint is not trained far enough.', {
    where: path,
    expected: `trained networks ${names.join(', ')}`,
    got: trained.length > 0 ? `only ${trained.join(', ')}` : 'none',
    fix: `train on (${npmRun()} train -- --resume RUN), or import weights of ${missing.join(', ')}`,
  });
}
