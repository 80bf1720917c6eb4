import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { File as H5File, ready } from 'h5wasm/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';
import { type NamedArray, readKerasWeights } from '../../src/weights/keras.ts';
import { fc } from '../property.ts';
import { damage } from './mutations.ts';

let folder: string;
let path: string;
let whole: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fuzz-keras-'));
  path = join(folder, 'a.weights.h5');
  await ready;
  // As h5py writes: without the check sums that newer versions of the format have.
  const file = new H5File(path, 'w', { libver: ['earliest', 'v110'] });
  const group = file.create_group('block1').create_group('layers').create_group('conv');
  group.create_dataset({ name: '0', data: new Float32Array(6).fill(1), shape: [3, 2] });
  group.create_dataset({ name: '1', data: new Float32Array(2).fill(2), shape: [2] });
  file.create_dataset({ name: 'steps', data: new Int32Array([7]), shape: [1] });
  file.close();
  whole = readFileSync(path);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Undefined for a UserError. Each on a thread of its own, as an error leaves HDF5 in disorder, so that it refuses all files. */
async function attempt(bytes: Buffer): Promise<Map<string, NamedArray> | undefined> {
  writeFileSync(path, bytes);
  try {
    return await readKerasWeights(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

it('a weight file cut off anywhere is refused', async () => {
  for (let part = 0; part < 4; part++) {
    const length = Math.floor((part * whole.length) / 4);
    expect(await attempt(Buffer.from(whole.subarray(0, length))), `${length} bytes`).toBeUndefined();
  }
});

it('groups that lead back to themselves are refused', async () => {
  const file = new H5File(path, 'w');
  const group = file.create_group('a');
  for (const name of ['x', 'y']) group.create_hard_link('/a', name);
  file.close();
  expect(await attempt(readFileSync(path))).toBeUndefined();
});

it('a damaged weight file is read or refused, and never gives more than it holds', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damage, async (edit) => {
      const bytes = edit(whole);
      const arrays = await attempt(bytes);
      if (!arrays) refused++;
      let total = 0;
      for (const { shape, data } of arrays?.values() ?? []) {
        expect(data.length).toBe(shape.reduce((product, side) => product * side, 1));
        total += data.byteLength;
      }
      expect(total).toBeLessThanOrEqual(bytes.length);
    }),
    { seed: 22, numRuns: 20 },
  );
  expect(refused).toBeGreaterThan(5);
  expect(refused).toBeLessThan(20);
});
