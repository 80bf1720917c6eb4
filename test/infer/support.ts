import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import sharp from 'sharp';
import type { RunConfig } from '../../src/config/run-config.ts';
import type { Raster } from '../../src/infer/raster.ts';
import type { LoadedMethod } from '../../src/models/load.ts';
import { createMethod } from '../../src/models/registry.ts';
import { tinyConfig } from '../models/dps/tiny.ts';

/** A narrow method of 64 px with random weights, as if it were trained. */
export const tinyLoaded = (task: 'edit' | 'synthesis') => asTrained(tinyConfig({ task, levels: 1 }));

/** A method with random weights, as if it were trained. */
export function asTrained(config: RunConfig): LoadedMethod {
  const method = createMethod(config);
  const checkpoint = { step: 1, stage: { index: 0, name: 'F', step: 1 }, config, random: {}, metrics: {} };
  return { path: 'tiny', config, method, checkpoint, trained: Object.keys(method.networks) };
}

/** Writes a raster of one or four channels as an image file; what is opaque has no alpha channel there. */
export async function save(path: string, { data, width, height }: Raster): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  const channels = (data.length / width / height) as 1 | 4;
  const picture = sharp(data, { raw: { width, height, channels } });
  const isOpaque = channels === 4 && data.every((value, i) => i % 4 < 3 || value === 255);
  if (channels === 1) picture.toColourspace('b-w');
  else if (isOpaque) picture.removeAlpha();
  await picture.toFile(path);
  return path;
}

/** The RGBA bytes of an image file. */
export async function load(path: string): Promise<Raster> {
  const file = sharp(path, { ignoreIcc: true }).toColourspace('srgb').ensureAlpha();
  const { data, info } = await file.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** How many pixels differ inside a hole and outside. */
export function changes(before: Raster, after: Raster, hole: Raster): { inside: number; outside: number } {
  const found = { inside: 0, outside: 0 };
  for (let i = 0; i < hole.data.length; i++) {
    const differs = [0, 1, 2, 3].some((c) => before.data[i * 4 + c] !== after.data[i * 4 + c]);
    if (differs) found[hole.data[i] ? 'inside' : 'outside']++;
  }
  return found;
}
