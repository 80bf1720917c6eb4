import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { explainSystemError } from '../../src/runtime/system-errors.ts';
import { openLayersModel } from '../../src/weights/tfjs-layers.ts';
import { openWeightFile, type WeightFile } from '../../src/weights/weight-file.ts';
import { temporaryFolder } from '../data/support.ts';

const folder = await temporaryFolder();
let models = 0;

/** A model of one group, whose bytes are in as many files as there are `sizes`. */
async function open(
  weights: readonly object[],
  bytes: Uint8Array,
  sizes: readonly number[],
): Promise<{ file: WeightFile; shards: string[] }> {
  const at = join(folder, `${models++}`);
  mkdirSync(at);
  const paths = sizes.map((_, index) => `shard-${index + 1}`);
  let begin = 0;
  for (const [index, size] of sizes.entries()) {
    writeFileSync(join(at, paths[index]), bytes.subarray(begin, begin + size));
    begin += size;
  }
  const model = { format: 'layers-model', weightsManifest: [{ paths, weights }] };
  writeFileSync(join(at, 'model.json'), JSON.stringify(model));
  const file = await openWeightFile(join(at, 'model.json'));
  return { file, shards: paths.map((name) => join(at, name)) };
}

const kernel = { name: 'kernel', shape: [5], dtype: 'float32' };
const bias = { name: 'bias', shape: [1], dtype: 'float32' };
const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);
const bytes = new Uint8Array(numbers.buffer);
/** The kernel's 20 bytes begin in the first, fill the second and end in the third; the fourth has the bias alone. */
const sizes = [3, 9, 8, 4];
const openKernel = () => open([kernel, bias], bytes, sizes);

it('numbers are put together from all files that they lie in', async () => {
  const { file, shards } = await openKernel();
  expect(file.tensors.get('kernel')!.read()).toEqual(numbers.slice(0, 5));
  expect(file.tensors.get('bias')!.read()).toEqual(numbers.slice(5));
  expect(file.files.slice(1)).toEqual(shards);
  // Only those files are read.
  rmSync(shards[0]);
  expect(file.tensors.get('bias')!.read()).toEqual(numbers.slice(5));
});

it('whole numbers and truth values are read, and what was stored in fewer bytes is rounded to whole numbers', async () => {
  const stored = [
    { name: 'steps', shape: [2], dtype: 'int32' },
    { name: 'flags', shape: [3], dtype: 'bool' },
    {
      name: 'few',
      shape: [2],
      dtype: 'int32',
      quantization: { dtype: 'uint8', scale: 0.4, min: -1 },
    },
    { name: 'none', shape: [0, 4], dtype: 'float32' },
  ];
  const content = Uint8Array.of(...new Uint8Array(Int32Array.of(-7, 70_000).buffer), 1, 0, 1, 1, 4);
  const { file } = await open(stored, content, [content.length]);
  const found = [...file.tensors].map(([name, tensor]) => [name, tensor.dtype, [...tensor.read()]]);
  expect(found).toEqual([
    ['steps', 'int32', [-7, 70_000]],
    ['flags', 'bool', [1, 0, 1]],
    ['few', 'int32', [-1, 1]],
    ['none', 'float32', []],
  ]);
});

it('a file that has become shorter since the model was opened is damage, which is told with its name', async () => {
  const { file, shards } = await openKernel();
  truncateSync(shards[1], 5);
  expect(() => file.tensors.get('kernel')!.read()).toThrow(
    new RegExp(`damaged[\\s\\S]*where: +${shards[1]}\\n[\\s\\S]*expected: +9 bytes`),
  );
});

it('what the system does not read is told with the name of that file', async () => {
  const { file, shards } = await openKernel();
  const read = () => {
    try {
      return file.tensors.get('kernel')!.read();
    } catch (error) {
      return explainSystemError(error)?.details;
    }
  };
  rmSync(shards[2]);
  expect(read()).toMatchObject({ where: shards[2], got: expect.stringContaining('ENOENT') });
  // Of an open file the system does not say which one it is.
  mkdirSync(shards[2]);
  expect(read()).toMatchObject({ where: shards[2], got: expect.stringContaining('EISDIR') });
});

it('a model is neither damaged nor incomplete when the system does not read one of its files', async () => {
  const { shards } = await openKernel();
  const model = join(dirname(shards[0]), 'model.json');
  const failure = async () =>
    explainSystemError(await openLayersModel(model).catch((error) => error))?.details;
  for (const path of [shards[3], model]) {
    rmSync(path);
    // It leads to itself.
    symlinkSync(path, path);
    expect(await failure()).toMatchObject({ where: path, got: expect.stringContaining('ELOOP') });
  }
});

it('an index of a set that the system does not read is told so', async () => {
  const index = join(folder, 'model.safetensors.index.json');
  mkdirSync(index);
  const error = await openWeightFile(index).catch((failure: unknown) => failure);
  expect(explainSystemError(error)?.details).toMatchObject({
    where: index,
    got: expect.stringContaining('EISDIR'),
  });
});
