import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import type { WriteRequest } from '../../src/train/checkpoint-worker.ts';
import { CheckpointWriter } from '../../src/train/checkpoint-writer.ts';

let folder: string;
let writer: CheckpointWriter;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writer-'));
  writer = new CheckpointWriter();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await writer.close();
  rmSync(folder, { recursive: true });
});

const request = (step: number, data = new Float32Array([step, 2])): WriteRequest => ({
  folder: join(folder, 'checkpoints'),
  head: { step, stage: { index: 0, name: 'F', step }, config: {}, random: {}, metrics: {} },
  tensors: { A: [['weight', { shape: [2], data }]] },
});

/** Calls `act` with the thread whenever it is sent something. */
function onRequest(act: (worker: Worker) => void): void {
  const send = Worker.prototype.postMessage;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, ...message) {
    send.apply(this, message as Parameters<typeof send>);
    act(this);
  });
}

it('writes on its thread, one after another, and takes the arrays away', async () => {
  const data = new Float32Array([1, 2]);
  const path = await writer.write(request(1, data));
  expect(path).toBe(join(folder, 'checkpoints', 'step-1'));
  expect(data).toHaveLength(0);
  await writer.write(request(2));
  const { tensors, step } = await readCheckpoint(join(folder, 'checkpoints', 'step-2'));
  expect(step).toBe(2);
  expect(tensors.A.get('weight')!.data).toEqual(new Float32Array([2, 2]));
});

it('tells why it cannot write, and can again later', async () => {
  const place = join(folder, 'checkpoints');
  writeFileSync(place, 'a file');
  await expect(writer.write(request(1))).rejects.toThrow(/EEXIST|ENOTDIR/);
  rmSync(place);
  await readCheckpoint(await writer.write(request(1)));
});

it('a thread that dies at work is an error, and the next checkpoint has another', async () => {
  onRequest((worker) => void worker.terminate());
  await expect(writer.write(request(1))).rejects.toThrow(/thread .* ended with code/);
  vi.restoreAllMocks();
  await readCheckpoint(await writer.write(request(2)));
});

it('a thread that died between checkpoints is replaced', async () => {
  let thread: Worker | undefined;
  onRequest((worker) => {
    thread = worker;
  });
  await writer.write(request(1));
  await thread!.terminate();
  await readCheckpoint(await writer.write(request(2)));
  expect(existsSync(join(folder, 'checkpoints', 'step-1'))).toBe(true);
});
