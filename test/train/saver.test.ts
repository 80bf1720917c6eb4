import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneCheckpoints, readCheckpoint, writeCheckpoint } from '../../src/core/checkpoint.ts';
import { silent } from '../../src/runtime/progress.ts';
import { bestCheckpoint, CheckpointSaver, CheckpointWriter, type Snapshot } from '../../src/train/saver.ts';

const l1 = { key: 'l1/hole', title: 'L1', better: 'lower' } as const;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saver-'));
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

describe('the best checkpoint', () => {
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
});

const snapshot = (step: number, data = new Float32Array([step, 2])): Snapshot => ({
  head: { step, stage: { index: 0, name: 'F', step }, config: {}, random: {}, metrics: {} },
  tensors: { A: [['weight', { shape: [2], data }]] },
});

describe('the thread that writes', () => {
  let writer: CheckpointWriter;
  beforeEach(() => {
    writer = new CheckpointWriter();
  });
  afterEach(() => writer.close());

  it('writes one after another, and takes the arrays away', async () => {
    const data = new Float32Array([1, 2]);
    expect(await writer.write(folder, snapshot(1, data))).toBe(join(folder, 'step-1'));
    expect(data).toHaveLength(0);
    const { tensors, step } = await readCheckpoint(await writer.write(folder, snapshot(2)));
    expect(step).toBe(2);
    expect(tensors.A.get('weight')?.data).toEqual(new Float32Array([2, 2]));
  });

  it('tells why it cannot write, and can again later', async () => {
    const place = join(folder, 'checkpoints');
    writeFileSync(place, 'a file');
    await expect(writer.write(place, snapshot(1))).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(place);
    await readCheckpoint(await writer.write(place, snapshot(1)));
  });
});

it('a step is saved once, what belongs to it is on the disk before, and old checkpoints go', async () => {
  const events: string[] = [];
  const saver = new CheckpointSaver({
    folder,
    minutes: 60,
    keep: 2,
    reporter: { ...silent, warn: (message) => events.push(message) },
    beforehand: async () => {
      events.push('beforehand');
    },
    best: async () => undefined,
  });
  expect([saver.empty, saver.due]).toEqual([true, false]);
  for (const step of [1, 2, 2, 3]) await saver.save(step, () => snapshot(step));
  expect(saver.empty).toBe(false);
  expect(await saver.finish()).toBe(join(folder, 'step-3'));
  expect(events).toEqual(['beforehand', 'beforehand', 'beforehand']);
  expect(readdirSync(folder).sort()).toEqual(['step-2', 'step-3']);
  await saver.close();
});

it('the third failure in a row ends the training', async () => {
  const warnings: string[] = [];
  const saver = new CheckpointSaver({
    folder,
    minutes: 60,
    keep: 2,
    reporter: { ...silent, warn: (message) => warnings.push(message) },
    beforehand: () => Promise.reject(new Error('no space')),
    best: async () => undefined,
  });
  for (const step of [1, 2, 3]) await saver.save(step, () => snapshot(step));
  await expect(saver.save(4, () => snapshot(4))).rejects.toThrow(
    /checkpoints cannot be written[\s\S]*3 failures/,
  );
  await expect(saver.finish()).rejects.toThrow(/There is none before it/);
  expect(warnings.map((text) => text.split(':')[0])).toEqual(
    [1, 2, 3].map((n) => `The checkpoint of step ${n} cannot be written (${n} of at most 3 in a row)`),
  );
  await saver.close();
});
