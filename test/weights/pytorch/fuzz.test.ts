import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { openTorchFile } from '../../../src/weights/pytorch/read.ts';
import { fc } from '../../property.ts';
import { damage } from '../mutations.ts';
import { floats, legacyFile, pickle, stateDict, tensor, zipContents, zipFile } from './samples.ts';

const SEED = 23;
let path: string;
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'fuzz-torch-')), 'a.pth');
});
afterAll(() => rmSync(join(path, '..'), { recursive: true }));

const storages = [floats('1', [1, 2, 3, 4, 5, 6]), floats('2', [7]), floats('3', [8, 9])];
const object = stateDict([
  ['a.weight', tensor(storages[0], { shape: [3, 2], strides: [1, 3] })],
  ['a.bias', tensor(storages[1], { shape: [1], strides: [1] })],
  ['b.weight', tensor(storages[2], { shape: [2], strides: [1] })],
  ['b.tied', tensor(storages[2], { shape: [1], strides: [1], offset: 1 })],
]);

/** Key to shape and elements, or undefined for a UserError; every other error fails the test. */
async function attempt(bytes: Uint8Array): Promise<Record<string, unknown> | undefined> {
  writeFileSync(path, bytes);
  try {
    const file = await openTorchFile(path);
    try {
      const entries = [...file.tensors].map(([key, { shape, read }]) => {
        const values = read();
        expect(values.length).toBe(shape.reduce((product, side) => product * side, 1));
        expect(values.length).toBeLessThanOrEqual(bytes.length);
        return [key, [shape, [...values]]];
      });
      return Object.fromEntries(entries);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

it.each([
  ['old', legacyFile(object, storages)],
  ['zip', zipFile(zipContents(pickle.file(object), storages))],
  ['zip64', zipFile(zipContents(pickle.file(object), storages), { zip64: true })],
])(
  'a damaged file of the %s form is read or refused, and never gives more than it holds',
  async (form, whole) => {
    const intact = await attempt(whole);
    expect(Object.keys(intact!)).toEqual(['a.weight', 'a.bias', 'b.weight', 'b.tied']);
    let [refused, changed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(damage, async (edit) => {
        const found = await attempt(edit(whole));
        if (!found) refused++;
        else if (JSON.stringify(found) !== JSON.stringify(intact)) changed++;
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect(refused).toBeGreaterThan(2_500);
    // The old form has no check sums: a changed number or name can be anything.
    if (form !== 'old') expect(changed).toBe(0);
  },
);
