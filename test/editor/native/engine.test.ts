import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EngineStopped, NativeEngine } from '../../../src/editor/native/engine.ts';
import { decodeInput, decodeOutput, encodeInput, encodeOutput } from '../../../src/editor/wire.ts';
import { openPredictor } from '../../../src/infer/run-predictor.ts';
import { loadMethod } from '../../../src/models/load.ts';
import { silent } from '../../../src/runtime/progress.ts';
import { stream } from '../../../src/runtime/seed.ts';
import { tinyCheckpoint } from '../tiny-editor.ts';

const folder = mkdtempSync(join(tmpdir(), 'native-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const r = 64;
const random = stream(1, 'native test');
const plane = (channels: number, value: () => number) =>
  Float32Array.from({ length: r * r * channels }, value);
const input = {
  resolution: r,
  l: 0.25,
  image: plane(3, () => random.uniform(-1, 1)),
  hole: plane(1, () => (random.uniform() < 0.5 ? 1 : 0)),
  sketch: plane(1, () => (random.uniform() < 0.05 ? -1 : 1)),
};

it('an input with strokes of colour is the same after the wire', () => {
  const colour = plane(4, () => random.uniform(-1, 1));
  const sent = encodeInput({ ...input, colour });
  expect(decodeInput(sent, r, true)).toEqual({ ...input, l: Math.fround(input.l), colour });
  expect(decodeInput(sent, r, false)).toBeUndefined();
  expect(decodeInput(encodeInput(input), r, true)).toBeUndefined();
});

it('an input is read that lies in memory which a small Buffer shares with others', () => {
  const side = 8;
  const image = new Float32Array(3 * side ** 2).fill(0.5);
  const plane = new Float32Array(side ** 2).fill(1);
  const small = { resolution: side, l: 0.25, image, hole: plane, sketch: plane };
  const sent = encodeInput(small);
  const received = Buffer.from(new ArrayBuffer(8192), 1000, sent.length);
  received.set(sent);
  expect(decodeInput(received, side, false)).toEqual(small);
});

describe('the process that computes', () => {
  let engine: NativeEngine;
  let checkpoint: string;
  beforeAll(async () => {
    ({ checkpoint } = await tinyCheckpoint(join(folder, 'edit')));
    engine = await NativeEngine.open(checkpoint);
  });
  afterAll(() => engine?.close());

  it('gives the numbers of the method itself, over the wire too', async () => {
    const loaded = await loadMethod(checkpoint);
    const own = await openPredictor(loaded, Number.POSITIVE_INFINITY, silent);
    const expected = await own.run(input, input.l);
    await own.close();
    loaded.method.dispose();
    const sent = decodeInput(encodeInput(input), r, false)!;
    const received = decodeOutput(encodeOutput(await engine.predict(sent)).buffer);
    for (const key of ['result', 'refinedSketch', 'firstImage'] as const) {
      expect(
        Buffer.compare(
          Buffer.from(
            received[key]!.buffer.slice(
              received[key]!.byteOffset,
              received[key]!.byteOffset + received[key]!.byteLength,
            ),
          ),
          Buffer.from(expected[key]!.buffer),
        ),
      ).toBe(0);
    }
    expect(received.resolution).toBe(r);
  });

  it('finds edges and faces, where there are some', async () => {
    const { size } = engine.model.edges;
    const half = Uint8Array.from({ length: size * size * 3 }, (_, i) =>
      i % (3 * size) < 1.5 * size ? 20 : 230,
    );
    const sketch = await engine.findEdges(half, r);
    const columns = [...sketch.keys()].filter((i) => sketch[i] === 0).map((i) => i % r);
    expect(columns.length).toBeGreaterThan(r / 2);
    expect(Math.min(...columns)).toBeGreaterThan(r / 2 - 5);
    expect(Math.max(...columns)).toBeLessThan(r / 2 + 5);
    expect(await engine.findFaces(new Uint8Array(128 * 128 * 3).fill(128), 128)).toEqual([]);
  });

  /** Sends a signal to the process that computes. */
  function signal(name: NodeJS.Signals): void {
    for (const pid of readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')) {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (line.includes('native/entry.mjs')) process.kill(Number(pid), name);
    }
  }

  it.skipIf(process.platform !== 'linux')('starts anew when it was killed, or hangs', async () => {
    // A stopped process cannot have answered before it is killed.
    signal('SIGSTOP');
    const killed = engine.predict(input);
    // The request is on its way now.
    await new Promise((resolve) => setImmediate(resolve));
    signal('SIGKILL');
    await expect(killed).rejects.toThrow(EngineStopped);
    expect((await engine.predict(input)).resolution).toBe(r);

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      signal('SIGSTOP');
      const hanging = [engine.predict(input), engine.findFaces(new Uint8Array(128 * 128 * 3), 128)];
      const answers = Promise.allSettled(hanging);
      await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(110_000);
      for (const answer of await answers)
        expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(EngineStopped) });
    } finally {
      vi.useRealTimers();
    }
    expect((await engine.predict(input)).resolution).toBe(r);
  });
});

describe('a checkpoint for the editor', () => {
  it('must be one of editing', async () => {
    const { checkpoint } = await tinyCheckpoint(join(folder, 'synthesis'), 'synthesis');
    await expect(NativeEngine.open(checkpoint)).rejects.toThrow(/task: synthesis/);
  });
});
