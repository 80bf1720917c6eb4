import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pruneCheckpoints, writeCheckpoint } from '../../src/core/checkpoint.ts';
import { bestCheckpoint } from '../../src/train/best.ts';

const l1 = { key: 'l1/hole', title: 'L1', better: 'lower' } as const;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'best-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Checkpoints of steps 1, 2, ...: each the index of its stage and its error. */
async function write(...checkpoints: [stage: number, error: number | undefined][]): Promise<void> {
  for (const [i, [index, error]] of checkpoints.entries()) {
    const stage = { index, name: `stage ${index}`, step: 1 };
    const metrics: Record<string, number> = error === undefined ? {} : { 'l1/hole': error, psnr: 1 / error };
    await writeCheckpoint(folder, { step: i + 1, stage, config: {}, random: {}, metrics }, {});
  }
}

it('has the smallest error of the newest stage, and stays', async () => {
  await write([0, 0.01], [1, 0.4], [1, 0.2], [1, 0.3], [1, undefined], [1, 0.25]);
  const best = await bestCheckpoint(folder, l1);
  expect(best).toEqual({ path: join(folder, 'step-3'), step: 3, title: 'L1', value: 0.2 });
  const psnr = { key: 'psnr', title: 'PSNR', better: 'higher' } as const;
  expect((await bestCheckpoint(folder, psnr))!.value).toBe(1 / 0.2);
  await pruneCheckpoints(folder, 2, best!.path);
  expect(readdirSync(folder).sort()).toEqual(['step-3', 'step-5', 'step-6']);
});

it('of equal ones is the newest; damaged ones do not count', async () => {
  await write([0, 0.2], [0, 0.2], [0, 0.1]);
  writeFileSync(join(folder, 'step-3', 'manifest.json'), '{');
  expect((await bestCheckpoint(folder, l1))!.step).toBe(2);
});

it('is none where nothing of the stage was measured', async () => {
  expect(await bestCheckpoint(folder, l1)).toBeUndefined();
  await write([0, 0.2], [1, undefined]);
  expect(await bestCheckpoint(folder, l1)).toBeUndefined();
});
