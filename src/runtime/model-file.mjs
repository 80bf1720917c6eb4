/**
 * Whether a command line means an ONNX file, which needs nothing that set-up installs, or a checkpoint. Plain JavaScript,
 * because set-up asks before anything is installed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isPackage, ROOT } from './installation.mjs';

/**
 * The path of the ONNX file that is meant: one that is named, or in the npm package a model that ships, by its name or,
 * where there are no runs and only one ships, without. Undefined: a checkpoint is meant.
 *
 * @param {string | undefined} checkpoint the value of --checkpoint
 * @returns {string | undefined}
 */
export function modelFile(checkpoint, root = ROOT) {
  if (checkpoint?.endsWith('.onnx')) return checkpoint;
  const folder = join(root, 'dist/pretrained');
  if (!isPackage(root) || !existsSync(folder)) return undefined;
  const models = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  if (checkpoint === undefined)
    return existsSync('runs') || models.length !== 1 ? undefined : join(folder, models[0]);
  return models.includes(`${checkpoint}.onnx`) && !existsSync(checkpoint)
    ? join(folder, `${checkpoint}.onnx`)
    : undefined;
}
