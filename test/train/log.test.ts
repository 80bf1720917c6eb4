import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { RunFolder } from '../../src/core/run-folder.ts';
import { SummaryWriter } from '../../src/ops/summary.ts';
import { type Reporter, silent } from '../../src/runtime/progress.ts';
import { RunLog, type StepRecord } from '../../src/train/log.ts';
import type { MlflowLog } from '../../src/train/mlflow.ts';

let run: RunFolder;
let warnings: string[];
let reporter: Reporter;
beforeEach(() => {
  run = new RunFolder(mkdtempSync(join(tmpdir(), 'log-')));
  mkdirSync(run.events);
  warnings = [];
  reporter = { ...silent, warn: (message) => warnings.push(message) };
});
afterEach(() => rmSync(run.path, { recursive: true }));

const record = (step: number): StepRecord => ({
  step,
  stage: 'ä',
  stageStep: step,
  losses: { a: 1 },
  gradientNorms: {},
  imagesPerSecond: 1,
});
const steps = () =>
  readFileSync(run.log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).step);

async function write(after: number | undefined, ...numbers: number[]): Promise<void> {
  const log = await RunLog.open(run, { reporter, after });
  for (const step of numbers) log.step(record(step));
  await log.sync();
  log.close();
}

it('going on cuts off later steps, and a line that a kill left unfinished', async () => {
  await write(undefined, 1, 2, 3, 4);
  await write(2, 3, 4);
  expect(steps()).toEqual([1, 2, 3, 4]);
  appendFileSync(run.log, '{"step": 5, "sta');
  await write(4, 5);
  expect(steps()).toEqual([1, 2, 3, 4, 5]);
  // Whole but for its line break.
  appendFileSync(run.log, '{"step": 6}');
  await write(6, 6);
  expect(steps()).toEqual([1, 2, 3, 4, 5, 6]);
  await write(undefined, 1);
  expect(steps()).toEqual([1]);
  expect(warnings).toEqual([]);
});

it('groups numbers by stage for TensorBoard and MLflow, and says nothing of what is not known', async () => {
  const told: [number, Record<string, number>][] = [];
  const mlflow = {
    scalars: (step: number, scalars: Record<string, number>) => void told.push([step, scalars]),
  } as MlflowLog;
  const log = await RunLog.open(run, { reporter, mlflow });
  const more = { gradientNorms: { copier: 2 }, learningRate: 0.5, mfu: 0.25, validation: { 'l1/hole': 3 } };
  log.step({ ...record(3), ...more, stage: 'G64, any l=1 (ä)' });
  log.step({ ...record(4), stage: 'F' });
  log.close();
  const everyStep = { 'speed/images_per_second': 1, 'memory/tensors': expect.any(Number) };
  const [{ tensorMegabytes, residentMegabytes }] = readFileSync(run.log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told[0]).toEqual([
    3,
    {
      'G64_any_l=1_/a': 1,
      'G64_any_l=1_/gradient_norm/copier': 2,
      'G64_any_l=1_/validation/l1/hole': 3,
      'G64_any_l=1_/learning_rate': 0.5,
      'speed/mfu': 0.25,
      'memory/resident_megabytes': residentMegabytes,
      ...everyStep,
    },
  ]);
  expect(told[1]).toEqual([4, { 'F/a': 1, 'memory/resident_megabytes': expect.any(Number), ...everyStep }]);
  expect(residentMegabytes).toBeGreaterThan(20);
  expect(Math.max(residentMegabytes, tensorMegabytes)).toBeLessThan(100_000);
});

it('gives TensorBoard the same numbers and pictures, from where it goes on, up to its first error', async () => {
  const [restart, scalars, image, flush] = (['restart', 'scalars', 'image', 'flush'] as const).map((name) =>
    vi.spyOn(SummaryWriter.prototype, name),
  );
  onTestFinished(() => void vi.restoreAllMocks());
  await write(undefined, 1, 2);
  expect(restart).not.toHaveBeenCalled();
  await write(1, 2);
  expect(restart.mock.calls).toEqual([[2]]);
  expect(scalars.mock.calls.map(([step]) => step)).toEqual([1, 2, 2]);
  // When it is brought to the disk, and at its end.
  expect(flush).toHaveBeenCalledTimes(4);
  const pictures: [number, Uint8Array][] = [];
  const mlflow = {
    scalars: () => {},
    picture: (step: number, png: Uint8Array) => void pictures.push([step, png]),
  } as unknown as MlflowLog;
  const log = await RunLog.open(run, { reporter, after: 2, mlflow });
  const grid = { png: Buffer.from('a picture'), width: 4, height: 3 };
  log.grid(2, grid);
  expect(image.mock.calls).toEqual([[2, 'samples', grid]]);
  expect(flush).toHaveBeenCalledTimes(5);
  expect(pictures).toEqual([[2, grid.png]]);
  scalars.mockImplementation(() => {
    throw new Error('no space');
  });
  for (const step of [3, 4]) log.step(record(step));
  log.close();
  expect(scalars).toHaveBeenCalledTimes(4);
  expect(flush).toHaveBeenCalledTimes(5);
  expect(warnings).toEqual(["TensorBoard's events end here: no space"]);
  expect(steps()).toEqual([1, 2, 3, 4]);
});

it.skipIf(process.platform !== 'linux')(
  'on a full disk (/dev/full, of Linux) lines wait, and a checkpoint cannot count on them',
  async () => {
    symlinkSync('/dev/full', run.log);
    const log = await RunLog.open(run, { reporter });
    for (const step of [1, 2]) log.step(record(step));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/log\.jsonl cannot be written[\s\S]*ENOSPC/);
    await expect(log.sync()).rejects.toThrow(/ENOSPC/);
    log.close();
    expect(warnings[1]).toMatch(/2 lines .* lost/);
    unlinkSync(run.log);
  },
);

/** How large files of this process may become, bytes; its number stays free to be raised. */
const limitFiles = (bytes: number | 'unlimited') =>
  spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${bytes}:`]).status === 0;

it.skipIf(!limitFiles('unlimited'))(
  'a part of a line that got through is taken back, and the line follows whole (needs the program `prlimit`)',
  async () => {
    const log = await RunLog.open(run, { reporter });
    log.step(record(1));
    const { size } = statSync(run.log);
    onTestFinished(() => void limitFiles('unlimited'));
    limitFiles(size + 20);
    log.step(record(2));
    expect(statSync(run.log).size).toBe(size);
    limitFiles('unlimited');
    log.step(record(3));
    await log.sync();
    log.close();
    expect(steps()).toEqual([1, 2, 3]);
    expect(warnings).toEqual([expect.stringMatching(/log\.jsonl cannot be written[\s\S]*EFBIG/)]);
  },
);
