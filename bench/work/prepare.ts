import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../../src/data/prepare.ts';
import { faceAssets } from '../../src/data/sources.ts';
import { renderFaces } from '../../src/faces/cache.ts';
import type { DpsConfig } from '../../src/models/dps/config.ts';
import { silent } from '../../src/runtime/progress.ts';
import type { Work } from './work.ts';

/** Preparation of so many photos, built-in faces rendered before: from reading HED's weights to the written pairs. */
export async function preparationWork(config: DpsConfig, count: number): Promise<Work> {
  const { data, resolution } = config;
  const size = Math.max(resolution, data.edges.size);
  const path = await renderFaces({ assetsDir: faceAssets, cacheDir: data.cache, count, size, seed: 1 });
  const source = { kind: 'folder', path, crop: 'centre', limit: count } as const;
  const iterate = async () => {
    // What is prepared already is not prepared again.
    const cache = await mkdtemp(join(tmpdir(), 'bench-prepare-'));
    try {
      await prepare({ config: { ...config, data: { ...data, cache, source } }, reporter: silent });
    } finally {
      await rm(cache, { recursive: true });
    }
  };
  return { images: count, iterate };
}
