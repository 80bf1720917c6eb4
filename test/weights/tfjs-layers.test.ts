import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

interface Group {
  paths: string[];
  weights: { name: string; shape: number[]; dtype: string; quantization?: object }[];
}

/** A model in a folder of its own, which is given back with the path of its model.json. */
function write(groups: Group[], files: Record<string, Uint8Array>, more: object = {}): [string, string] {
  const at = mkdtempSync(join(folder, 'model-'));
  mkdirSync(join(at, 'sub'));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(at, name), bytes);
  const path = join(at, 'model.json');
  writeFileSync(path, JSON.stringify({ format: 'layers-model', weightsManifest: groups, ...more }));
  return [path, at];
}

const bytesOf = (...arrays: { buffer: ArrayBufferLike }[]) =>
  Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer)));

describe('a layers model', () => {
  it('has weights of every type, whichever files their bytes lie in', async () => {
    const group = bytesOf(
      Float32Array.of(1, -2.5, 3, 4),
      Int32Array.of(-7, 2 ** 30),
      Uint8Array.of(1, 0),
      Uint16Array.of(0x3c00, 0xc000),
      Uint8Array.of(0, 255),
      Uint16Array.of(0, 65535),
      Uint8Array.of(30),
    );
    const half = { dtype: 'float16' };
    const weights = [
      { name: 'matrix', shape: [2, 2], dtype: 'float32' },
      { name: 'whole', shape: [2], dtype: 'int32' },
      { name: 'flags', shape: [2], dtype: 'bool' },
      { name: 'none', shape: [0, 3], dtype: 'float32' },
      { name: 'half', shape: [2], dtype: 'float32', quantization: half },
      { name: 'bytes', shape: [2], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
      { name: 'shorts', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 2, min: 1 } },
      { name: 'rounded', shape: [], dtype: 'int32', quantization: { dtype: 'uint8', scale: 0.9, min: 1 } },
    ];
    // In the middle of a number, at the end of one, and a file without bytes.
    const cuts = [0, 7, 16, 16, group.length];
    const paths = ['a.bin', 'sub/b.bin', 'c.bin', 'd.bin'];
    const files = Object.fromEntries(paths.map((name, i) => [name, group.subarray(cuts[i], cuts[i + 1])]));
    const second = { paths: ['e.bin'], weights: [{ name: 'last', shape: [1], dtype: 'float32' }] };
    const [path, at] = write([{ paths, weights }, second], {
      ...files,
      'e.bin': bytesOf(Float32Array.of(9)),
    });
    const model = await openLayersModel(path);
    expect(model.files).toEqual([path, ...[...paths, 'e.bin'].map((name) => join(at, name))]);
    const found = [...model.tensors].map(([name, { shape, dtype, read }]) => [name, shape, dtype, read()]);
    expect(found).toEqual([
      ['matrix', [2, 2], 'float32', Float32Array.of(1, -2.5, 3, 4)],
      ['whole', [2], 'int32', Float64Array.of(-7, 2 ** 30)],
      ['flags', [2], 'bool', Float64Array.of(1, 0)],
      ['none', [0, 3], 'float32', new Float32Array()],
      ['half', [2], 'float32', Float32Array.of(1, -2)],
      ['bytes', [2], 'float32', Float32Array.of(-1, 126.5)],
      ['shorts', [2], 'float32', Float32Array.of(1, 131071)],
      ['rounded', [], 'int32', Float64Array.of(28)],
      ['last', [1], 'float32', Float32Array.of(9)],
    ]);
  });

  it('needs no format', async () => {
    const group = { paths: ['a.bin'], weights: [{ name: 'a', shape: [1], dtype: 'float32' }] };
    const [path] = write([group], { 'a.bin': bytesOf(Float32Array.of(5)) }, { format: undefined });
    expect([...(await openLayersModel(path)).tensors.keys()]).toEqual(['a']);
  });
});

describe('what is refused', () => {
  const eight = { 'a.bin': bytesOf(Float32Array.of(5, 6)) };
  const group = (weight: object = {}, paths = ['a.bin']): Group[] => [
    { paths, weights: [{ name: 'a', shape: [2], dtype: 'float32', ...weight }] },
  ];
  it.each<[string, Group[], RegExp]>([
    ['more bytes than weights', group({ shape: [1] }), /4 bytes of weights in a\.bin[\s\S]*8 bytes/],
    ['fewer bytes than weights', group({ shape: [3] }), /12 bytes of weights in a\.bin[\s\S]*8 bytes/],
    ['a file that is missing', group({}, ['b.bin']), /missing[\s\S]*model\.json[\s\S]*b\.bin beside it/],
    [
      'a file above',
      group({}, ['sub/../../a.bin']),
      /files beside model\.json[\s\S]*sub\/\.\.\/\.\.\/a\.bin/,
    ],
    ['a path from the root', group({}, ['/a.bin']), /files beside model\.json[\s\S]*\/a\.bin/],
    ['a name with a zero character', group({}, ['a.bin\0']), /files beside model\.json/],
    ['a negative side', group({ shape: [-2] }), /weightsManifest\.0\.weights\.0\.shape\.0/],
    ['half a side', group({ shape: [0.5, 4] }), /weights\.0\.shape\.0/],
    ['an unknown type', group({ dtype: 'string' }), /weights\.0\.dtype/],
    [
      'numbers stored in an unknown way',
      group({ quantization: { dtype: 'uint4' } }),
      /weights\.0\.quantization/,
    ],
    [
      'integers without a scale',
      group({ quantization: { dtype: 'uint8', min: 1 } }),
      /weights\.0\.quantization/,
    ],
    ['a group without files', group({}, []), /weightsManifest\.0\.paths/],
    ['no group', [], /weightsManifest/],
  ])('%s', async (_, groups, message) => {
    const [path] = write(groups, eight);
    await expect(openLayersModel(path)).rejects.toThrow(message);
  });

  it('a graph model, with the way to convert it', async () => {
    const [path] = write(group(), eight, { format: 'graph-model' });
    await expect(openLayersModel(path)).rejects.toThrow(/got: *a graph model[\s\S]*tfjs_layers_model/);
  });

  it('what is no JSON', async () => {
    const [path] = write(group(), eight);
    writeFileSync(path, '{"format": ');
    await expect(openLayersModel(path)).rejects.toThrow(/damaged[\s\S]*model\.json[\s\S]*JSON/);
  });
});
