import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { faceFolder, renderFaces } from '../../src/faces/cache.ts';
import { UserError } from '../../src/runtime/errors.ts';
import type { Reporter } from '../../src/runtime/progress.ts';
import { assetsDir, hasAssets, skipNote, temporaryFolder } from './assets.ts';

const cacheDir = temporaryFolder();
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

/** Remembers the counts that were reported. */
function counting(): Reporter & { total: number; updates: number[] } {
  const reporter = {
    total: 0,
    updates: [] as number[],
    info() {},
    warn() {},
    task(_label: string, total: number) {
      reporter.total = total;
      return { update: (done: number) => void reporter.updates.push(done), finish() {} };
    },
  };
  return reporter;
}

describe.skipIf(!hasAssets)(`renderFaces${skipNote}`, () => {
  const set = { assetsDir, cacheDir, count: 3, size: 32, seed: 5, workers: 2 };

  it('writes one PNG of the asked size for each face and reports each', async () => {
    const reporter = counting();
    const folder = await renderFaces({ ...set, reporter });
    expect(folder).toBe(faceFolder(set));
    expect(readdirSync(folder).sort()).toEqual(['face-000000.png', 'face-000001.png', 'face-000002.png']);
    const { width, height, channels } = await sharp(path.join(folder, 'face-000001.png')).metadata();
    expect([width, height, channels]).toEqual([32, 32, 3]);
    expect(reporter.total).toBe(3);
    expect(reporter.updates).toEqual([0, 1, 2, 3]);
  });

  it('keeps what is there, renders what is missing as before, and clears unfinished files', async () => {
    const folder = await renderFaces(set);
    const first = path.join(folder, 'face-000000.png');
    const second = path.join(folder, 'face-000001.png');
    const kept = statSync(first).mtimeMs;
    const bytes = readFileSync(second);
    rmSync(second);
    writeFileSync(`${second}.1.tmp`, 'half');
    utimesSync(`${second}.1.tmp`, 0, 0);
    const reporter = counting();
    await renderFaces({ ...set, reporter });
    expect(statSync(first).mtimeMs).toBe(kept);
    expect(readFileSync(second).equals(bytes)).toBe(true);
    expect(reporter.updates).toEqual([2, 3]);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it('names the file and the remedy when a face cannot be written', async () => {
    const blocked = { ...set, seed: 9, count: 2 };
    // A folder stands where the unfinished file of a face would go.
    const obstacle = path.join(faceFolder(blocked), `face-000000.png.${process.pid}.tmp`);
    mkdirSync(path.join(obstacle, 'x'), { recursive: true });
    const failure = await renderFaces(blocked).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(/\.tmp[\s\S]*fix:/);
  });
});

it('keeps sizes and seeds apart', () => {
  const set = { cacheDir, size: 32, seed: 5 };
  const folders = [set, { ...set, seed: 6 }, { ...set, size: 64 }].map(faceFolder);
  expect(new Set(folders).size).toBe(3);
});

it('names the missing model and the remedy', async () => {
  const missing = renderFaces({
    assetsDir: path.join(cacheDir, 'nothing'),
    cacheDir: path.join(cacheDir, 'empty'),
    count: 1,
    size: 32,
    seed: 0,
  });
  await expect(missing).rejects.toThrow(UserError);
  await expect(missing).rejects.toThrow(/npm run doctor/);
});
