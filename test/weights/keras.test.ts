import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { File as H5File, ready } from 'h5wasm/node';
import { expect, it } from 'vitest';
import { loadHed } from '../../src/nn/hed.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { explainSystemError } from '../../src/runtime/system-errors.ts';
import { readKerasModel, readKerasWeights } from '../../src/weights/keras.ts';
import { temporaryFolder } from '../data/support.ts';

const folder = await temporaryFolder();

async function weightFile(name: string): Promise<string> {
  const path = join(folder, name);
  await ready;
  const file = new H5File(path, 'w');
  const group = file.create_group('dense').create_group('vars');
  group.create_dataset({ name: '0', data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [2, 3] });
  file.create_dataset({ name: 'steps', data: new Int32Array([7]), shape: [1] });
  file.close();
  expect(existsSync(path)).toBe(true);
  return path;
}

it('reads float arrays by their paths and leaves other data out', async () => {
  const weights = await readKerasWeights(await weightFile('a.weights.h5'));
  expect([...weights.keys()]).toEqual(['dense/vars/0']);
  expect(weights.get('dense/vars/0')).toEqual({ shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) });
});

it('a missing file points to the doctor', async () => {
  const path = join(folder, 'missing.h5');
  await expect(readKerasWeights(path)).rejects.toThrow(UserError);
  await expect(readKerasWeights(path)).rejects.toThrow(/missing\.h5[\s\S]*npm run doctor/);
});

it('an archive that the system does not open is not called damaged', async () => {
  const path = join(folder, 'missing.keras');
  const error = await readKerasModel(path).catch((failure: unknown) => failure);
  expect(explainSystemError(error)?.details).toMatchObject({
    where: path,
    got: expect.stringContaining('ENOENT'),
  });
});

it('a file of another kind is refused', async () => {
  const path = join(folder, 'text.h5');
  await writeFile(path, 'no HDF5 at all');
  await expect(readKerasWeights(path)).rejects.toThrow(UserError);
});

it('HED refuses the weights of another network', async () => {
  await expect(loadHed(await weightFile('b.weights.h5'))).rejects.toThrow(/does not hold HED/);
});
