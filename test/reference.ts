/**
 * Files that some tests compare with and that are too large for this repository, or not ours to give. Environment
 * variables name their folders; without them these tests are skipped and say so.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A folder of such files. `reason` is empty where it is there, and else why a test is skipped. */
export interface ReferenceFolder {
  readonly path: string;
  readonly reason: string;
}

function folderOf(variable: string, below = ''): ReferenceFolder {
  const root = process.env[variable];
  const path = resolve(join(root ?? '', below));
  if (root === undefined) return { path, reason: ` (skipped: ${variable} names no folder)` };
  return { path, reason: existsSync(path) ? '' : ` (skipped: ${path}, of ${variable}, does not exist)` };
}

/** All results of DeepPS's own code: `manifest.json`, safetensors files and checkpoints. */
export const deepPsFixtures = folderOf('DPS_FIXTURES', 'public');
/** Those of the systems that it is compared with. */
export const baselineFixtures = folderOf('DPS_FIXTURES', 'baselines');
/** `astronaut.png`, and in `deepps-edit` strips of photo, sketch and mask side by side. */
export const referencePhotos = folderOf('DPS_PHOTOS');
