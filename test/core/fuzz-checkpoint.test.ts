import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint, readManifest, writeCheckpoint } from '../../src/core/checkpoint.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { stream } from '../../src/runtime/seed.ts';
import { fc } from '../property.ts';
import { anyJson, damage } from '../weights/mutations.ts';

const SEED = 21;
/** Of each of the three files: more than 5,000 in all. */
const RUNS = 1_700;
let folder: string;
let path: string;
let whole: Checkpoint;
const originals: Record<string, Buffer> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-checkpoint-'));
  path = await writeCheckpoint(
    folder,
    {
      step: 12,
      stage: { index: 1, name: 'G64, l = 1', step: 2 },
      config: { seed: 3, nested: { list: [1, 2.5, 'ä'], '1': null } },
      random: { holes: stream(1, 'holes').state(), loader: { epoch: 2, position: 7 } },
      metrics: { l1: 0.25, psnr: 17.5 },
    },
    {
      G64: [['kernel', { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }]],
      stage: [['step', { shape: [], data: new Int32Array([9]) }]],
    },
  );
  whole = await readCheckpoint(path);
  for (const name of readdirSync(path)) originals[name] = readFileSync(join(path, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What reading gives: undefined for a UserError; every other error fails the test. */
async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

it('has the files that are meant', () => {
  expect(Object.keys(originals).sort()).toEqual(['G64.safetensors', 'manifest.json', 'stage.safetensors']);
});

it.each(['manifest.json', 'G64.safetensors', 'stage.safetensors'])(
  'with any damage to %s is refused, or reads as before',
  async (name) => {
    const file = join(path, name);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damage, async (edit) => {
        writeFileSync(file, edit(originals[name]));
        const read = await attempt(() => readCheckpoint(path));
        if (read) expect(read).toEqual(whole);
        else refused++;
      }),
      { seed: SEED, numRuns: RUNS },
    );
    writeFileSync(file, originals[name]);
    expect(refused).toBeGreaterThan(1_000);
  },
);

it('with any one bit of the manifest flipped keeps its random state or is refused', async () => {
  const file = join(path, 'manifest.json');
  const bytes = Buffer.from(originals['manifest.json']);
  for (let at = 0; at < bytes.length; at += 7) {
    bytes[at] ^= 1;
    writeFileSync(file, bytes);
    const read = await attempt(() => readManifest(path));
    if (read) expect(read.random).toEqual(whole.random);
    bytes[at] ^= 1;
  }
  writeFileSync(file, bytes);
});

it('with any other value in its manifest is refused', async () => {
  const file = join(path, 'manifest.json');
  const manifest = JSON.parse(originals['manifest.json'].toString());
  const keys = fc.constantFrom(...Object.keys(manifest), 'new', '__proto__');
  await fc.assert(
    fc.asyncProperty(keys, anyJson, async (key, value) => {
      const members = new Map<string, unknown>(Object.entries(manifest)).set(key, value);
      const text = [...members].map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
      writeFileSync(file, `{${text.join(',')}}`);
      const read = await attempt(() => readCheckpoint(path));
      // The value may happen to be the one that was there.
      if (read) expect(read).toEqual(whole);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
  writeFileSync(file, originals['manifest.json']);
  await readCheckpoint(path);
});

it('with the files of another is refused', async () => {
  const other = await writeCheckpoint(
    folder,
    { step: 13, stage: { index: 1, name: 'x', step: 3 }, config: {}, random: {}, metrics: {} },
    { G64: [['kernel', { shape: [2, 2], data: new Float32Array([1, 2, 3, 5]) }]] },
  );
  cpSync(join(path, 'G64.safetensors'), join(other, 'G64.safetensors'));
  await expect(readCheckpoint(other)).rejects.toThrow(/SHA-256/);
});
