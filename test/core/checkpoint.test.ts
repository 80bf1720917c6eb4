import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CheckpointHead,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/core/checkpoint.ts';
import { resolveCheckpoint } from '../../src/core/choose-checkpoint.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { stream } from '../../src/runtime/seed.ts';
import { failSync } from '../fail-sync.ts';

let run: string;
let folder: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'run-'));
  folder = join(run, 'checkpoints');
});
afterEach(() => rmSync(run, { recursive: true }));

const head = (step: number): CheckpointHead => ({
  step,
  stage: { index: 1, name: 'level1 l=1', step: 2 },
  config: { seed: 3, nested: { list: [1, 2] } },
  random: { holes: stream(1, 'holes').state(), loader: { epoch: 2, position: 7 } },
  metrics: { psnr: 20.5 },
});

const tensors = () => ({
  G64: [
    ['conv1/kernel', { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
    ['conv1/bias', { shape: [2], data: new Float32Array([0, -1]) }],
  ] as const,
  optimizer: [['step', { shape: [], data: new Int32Array([9]) }]] as const,
});

const write = (step: number) => writeCheckpoint(folder, head(step), tensors());

describe('writing and reading', () => {
  it('gives back everything', async () => {
    const path = await write(12);
    expect(path).toBe(join(folder, 'step-12'));
    const { tensors: read, ...rest } = await readCheckpoint(path);
    expect(rest).toEqual(JSON.parse(JSON.stringify(head(12))));
    expect(read.G64.get('conv1/kernel')).toEqual({ dtype: 'F32', ...tensors().G64[0][1] });
    expect(read.optimizer.get('step')!.data).toEqual(new Int32Array([9]));
  });

  it('replaces an older one of the same step and leaves nothing else behind', async () => {
    await write(1);
    const path = await writeCheckpoint(folder, { ...head(1), metrics: { psnr: 1 } }, tensors());
    expect((await readCheckpoint(path)).metrics).toEqual({ psnr: 1 });
    expect(readdirSync(folder)).toEqual(['step-1']);
  });

  it('a failure leaves no folder, and the old checkpoint as it was', async () => {
    const path = await write(1);
    const wrong = { G64: [['a', { shape: [3], data: new Float32Array(2) }]] as const };
    await expect(writeCheckpoint(folder, head(1), wrong)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['step-1']);
    await readCheckpoint(path);
  });
});

it('takes files that have not changed from an earlier one, which may then go', async () => {
  const { G64, optimizer } = tensors();
  const first = await write(1);
  const second = await writeCheckpoint(folder, head(2), { G64: undefined, optimizer }, first);
  expect(statSync(join(second, 'G64.safetensors')).ino).toBe(statSync(join(first, 'G64.safetensors')).ino);
  rmSync(first, { recursive: true });
  const { tensors: read } = await readCheckpoint(second);
  expect(read.G64.get('conv1/bias')!.data).toEqual(G64[1][1].data);

  // It is not taken for whole that is known to be damaged.
  truncateSync(join(second, 'G64.safetensors'), 100);
  const third = writeCheckpoint(folder, head(3), { G64: undefined, optimizer }, second);
  await expect(third).rejects.toThrow(/damaged[\s\S]*100 bytes/);
  await expect(writeCheckpoint(folder, head(3), { G32: undefined }, second)).rejects.toThrow(/G32/);
  expect(readdirSync(folder)).toEqual(['step-2']);
});

describe('finding', () => {
  it('lists by step, resolves a run to its newest, keeps the newest', async () => {
    for (const step of [2, 10, 1]) await write(step);
    mkdirSync(join(folder, 'step-99.1-abcd.tmp'));
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([1, 2, 10]);
    for (const path of [run, folder, join(folder, 'step-10'), join(folder, 'step-10', 'manifest.json')])
      expect(await resolveCheckpoint(path)).toBe(join(folder, 'step-10'));
    await pruneCheckpoints(folder, 2);
    expect(readdirSync(folder).sort()).toEqual(['step-10', 'step-2']);
  });

  it('takes one that is being replaced for the old one, and removes it after', async () => {
    await write(1);
    renameSync(await write(2), join(folder, 'step-2.replaced'));
    expect(await resolveCheckpoint(run)).toBe(join(folder, 'step-2.replaced'));
    await write(2);
    mkdirSync(join(folder, 'step-2.replaced'));
    mkdirSync(join(folder, 'step-1.removed-ab.tmp'));
    expect((await listCheckpoints(folder)).map(({ path }) => path)).toEqual([
      join(folder, 'step-1'),
      join(folder, 'step-2'),
    ]);
    await pruneCheckpoints(folder, 1);
    expect(readdirSync(folder)).toEqual(['step-2']);
  });

  it('takes nothing out of one before the disk has it under another name', async () => {
    const files = readdirSync(await write(1));
    await write(2);
    await failSync('EIO');
    await expect(pruneCheckpoints(folder, 1)).rejects.toThrow('EIO');
    const [removed, ...others] = readdirSync(folder).sort();
    expect([removed, others]).toEqual([expect.stringMatching(/^step-1\.removed-\w+\.tmp$/), ['step-2']]);
    expect(readdirSync(join(folder, removed))).toEqual(files);
  });

  it('tells one that is removed while it is read from a damaged one', async () => {
    const removed = write(1).then((path) => {
      rmSync(path, { recursive: true });
      return readCheckpoint(path);
    });
    await expect(removed).rejects.toThrow(/not there any more[\s\S]*step-1[\s\S]*name the run/);
  });
});

describe('damage is found and named', () => {
  it.each([
    ['a flipped byte of tensors', 'G64.safetensors', (file: string) => flip(file, -1), /SHA-256/],
    ['a flipped byte of the optimiser', 'optimizer.safetensors', (file: string) => flip(file, 20), /SHA-256/],
    ['a truncated file', 'G64.safetensors', (file: string) => truncateSync(file, 30), /30 bytes/],
    ['a missing file', 'G64.safetensors', (file: string) => rmSync(file), /nothing/],
    ['a truncated manifest', 'manifest.json', (file: string) => truncateSync(file, 30), /JSON/],
    ['a missing manifest', 'manifest.json', (file: string) => rmSync(file), /manifest\.json/],
    [
      'a manifest of another form',
      'manifest.json',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('"step"', '"stp"')),
      /differs at/,
    ],
    [
      'a file name that leads elsewhere',
      'manifest.json',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('"G64.', '"../G64.')),
      /files/,
    ],
  ])('%s', async (_, name, damage, message) => {
    const path = await write(3);
    damage(join(path, name));
    const failure = await readCheckpoint(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).toContain(name);
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  const index = (at + bytes.length) % bytes.length;
  bytes[index] ^= 1;
  writeFileSync(file, bytes);
}
