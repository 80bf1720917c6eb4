import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll } from 'vitest';
import type { RunConfig } from '../../src/config/run-config.ts';
import { dpsSchema } from '../../src/models/dps/config.ts';
import type { Reporter } from '../../src/runtime/progress.ts';
import { readSafetensors, type StoredTensor } from '../../src/weights/safetensors.ts';
import { deepPsFixtures } from '../reference.ts';

/** One of the original's results, see {@link deepPsFixtures}. */
export function fixture(name: string): Map<string, StoredTensor> {
  return readSafetensors(join(deepPsFixtures.path, `${name}.safetensors`));
}

/** A temporary folder for this file's tests, removed after them. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dps-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A reporter that remembers what it was told. */
export function recorder(): Reporter & { infos: string[]; warnings: string[] } {
  const infos: string[] = [];
  const warnings: string[] = [];
  return {
    infos,
    warnings,
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    task: () => ({ update() {}, finish() {} }),
  };
}

/** A complete config at 64 px whose `data` is given, with edge detection as small as it can be. */
export function smallConfig(data: { source: object; cache: string } & Record<string, unknown>): RunConfig {
  const steps = { steps: 1 };
  return dpsSchema.parse({
    method: 'dps',
    resolution: 64,
    data: { edges: { size: 64, padding: 16 }, ...data },
    model: { levels: 1 },
    training: { levels: [{ batch: 2, atFullRefinement: steps, atDrawnRefinement: steps, holePool: 8 }] },
  });
}

/** Writes a photo-like PNG: a soft background and a round "head" whose place depends on `variant`. */
export async function writePhoto(path: string, width = 96, height = 96, variant = 0): Promise<void> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const head = Math.hypot(x - width / 2 - variant, y - height / 2) < Math.min(width, height) / 3;
      pixels.set(head ? [220, 180, 150] : [40 + variant, 60, (y * 100) / height], i);
    }
  }
  await mkdir(dirname(path), { recursive: true });
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(path);
}
