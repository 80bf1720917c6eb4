import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { File as H5File, ready } from 'h5wasm/node';
import { expect, it, vi } from 'vitest';
import { loadHed } from '../../src/nn/hed.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { explainSystemError } from '../../src/runtime/system-errors.ts';
import { looksLikeKerasModel, readKerasModel, readKerasWeights } from '../../src/weights/keras.ts';
import { temporaryFolder } from '../data/support.ts';
import { listsOpenFiles, openFiles } from '../open-files.ts';
import { zipFile } from './pytorch/samples.ts';

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
  await expect(readKerasWeights(path)).rejects.toThrow(/text\.h5[\s\S]*without the signature of HDF5/);
});

it('a damaged file is refused, with what HDF5 says of it', async () => {
  const path = await weightFile('cut.weights.h5');
  await writeFile(path, (await readFile(path)).subarray(0, 200));
  await expect(readKerasWeights(path)).rejects.toThrow(/cut\.weights\.h5[\s\S]*a damaged file \(.*truncated/);
});

it('archives of Keras are told by the file that they begin with', () => {
  const archive = (name: string) => zipFile([[name, Buffer.alloc(300)]]).subarray(0, 256);
  for (const name of ['metadata.json', 'config.json', 'model.weights.h5'])
    expect(looksLikeKerasModel(archive(name))).toBe(true);
  expect(looksLikeKerasModel(archive('archive/data.pkl'))).toBe(false);
  expect(looksLikeKerasModel(archive('archive/config.json'))).toBe(false);
  expect(looksLikeKerasModel(archive('config.json').subarray(1))).toBe(false);
});

it('an archive that is damaged or without weights is refused, and nothing of it stays', async () => {
  const path = join(folder, 'a.keras');
  vi.stubEnv('TMPDIR', folder);
  const before = await readdir(folder);
  await writeFile(path, zipFile([['config.json', Buffer.alloc(300)]]));
  await expect(readKerasModel(path)).rejects.toThrow(
    /a\.keras[\s\S]*a damaged archive \(no model\.weights\.h5 in it\)/,
  );
  await writeFile(path, 'no archive');
  await expect(readKerasModel(path)).rejects.toThrow(/a\.keras[\s\S]*a damaged archive/);
  if (listsOpenFiles) expect(openFiles()).not.toContain(path);
  expect((await readdir(folder)).sort()).toEqual([...before, 'a.keras'].sort());
  vi.unstubAllEnvs();
});

it('HED refuses the weights of another network', async () => {
  await expect(loadHed(await weightFile('b.weights.h5'))).rejects.toThrow(/does not hold HED/);
});
