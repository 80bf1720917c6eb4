import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { File as H5File, ready } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { type TensorToStore, writeSafetensors } from '../../src/weights/safetensors.ts';
import { openWeightFile } from '../../src/weights/weight-file.ts';
import { temporaryFolder } from '../data/support.ts';
import { listsOpenFiles, openFiles } from '../open-files.ts';
import { six, zip } from './pytorch/reading.ts';
import { bytes, pickle, stateDict, tensor, zipFile } from './pytorch/samples.ts';

const folder = await temporaryFolder();

function put(name: string, content: string | Uint8Array): string {
  const path = join(mkdtempSync(join(folder, 'one-')), name);
  writeFileSync(path, content);
  return path;
}

async function contentOf(path: string) {
  const file = await openWeightFile(path);
  const tensors = [...file.tensors].map(([name, { shape, dtype, read }]) => [name, shape, dtype, read()]);
  file.close();
  return { ...file, tensors };
}

/** A safetensors file whose header has just so many bytes. */
function withHeaderOf(length: number): Buffer {
  const header = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.padEnd(length);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return bytes(prefix, header, 7);
}

describe('a file of weights is told by how it begins', () => {
  it('safetensors, whose integers become numbers', async () => {
    const path = join(folder, 'types.safetensors');
    const one = (data: TensorToStore['data']): TensorToStore => ({ shape: [data.length], data });
    await writeSafetensors(
      path,
      Object.entries({
        single: one(Float32Array.of(0.1)),
        double: one(Float64Array.of(0.1)),
        half: one(Uint16Array.of(0x3c00)),
        long: one(BigInt64Array.of(-(2n ** 40n))),
        int: one(Int32Array.of(-3)),
        byte: one(Uint8Array.of(200)),
      }),
      { note: 'text' },
    );
    const { tensors, ...file } = await contentOf(path);
    expect(file).toMatchObject({ path, files: [path], metadata: { note: 'text' } });
    expect(tensors).toEqual([
      ['single', [1], 'F32', Float32Array.of(0.1)],
      ['double', [1], 'F64', Float32Array.of(0.1)],
      ['half', [1], 'F16', Float32Array.of(1)],
      ['long', [1], 'I64', Float64Array.of(-(2 ** 40))],
      ['int', [1], 'I32', Float64Array.of(-3)],
      ['byte', [1], 'U8', Float64Array.of(200)],
    ]);
  });

  it('safetensors whose length looks like another format’s beginning', async () => {
    // A brace, also after a space, and pickles of protocols 2 and 5.
    for (const length of [0x7b, 0x7b20, 0x0280, 0x0580]) {
      const path = put('a', withHeaderOf(length));
      expect((await contentOf(path)).tensors).toEqual([['a', [1], 'U8', Float64Array.of(7)]]);
    }
  });

  it('PyTorch, with the names of what is left out', async () => {
    const object = stateDict([
      ['x', tensor(six, { shape: [6], strides: [1] })],
      ['y', pickle.call(pickle.global('os', 'system'))],
    ]);
    const path = put('a.bin', zip(object, [six]));
    const { tensors, ...file } = await contentOf(path);
    expect(tensors).toEqual([['x', [6], 'float32', Float32Array.of(0, 1, 2, 3, 4, 5)]]);
    expect(file).toMatchObject({ path, files: [path], leftOut: [expect.stringMatching(/os\.system/)] });
  });

  it('a layers model of TensorFlow.js', async () => {
    const weights = [{ name: 'a', shape: [1], dtype: 'float32' }];
    const path = put('model.json', `\n ${JSON.stringify({ weightsManifest: [{ paths: ['b'], weights }] })}`);
    writeFileSync(join(path, '../b'), new Uint8Array(Float32Array.of(5).buffer));
    const { tensors, files } = await contentOf(path);
    expect(tensors).toEqual([['a', [1], 'float32', Float32Array.of(5)]]);
    expect(files).toEqual([path, join(path, '../b')]);
  });

  it('a checkpoint of TensorFlow, by one of its files', async () => {
    const at = mkdtempSync(join(folder, 'tf-'));
    cpSync(fileURLToPath(new URL('tensorflow1/fixtures', import.meta.url)), at, { recursive: true });
    const file = await openWeightFile(join(at, 'one.data-00000-of-00001'));
    expect(file.path).toBe(join(at, 'one.index'));
    expect([...file.tensors.get('lr')!.read()]).toEqual([0.5]);
    file.close();
  });

  it('Keras, by itself or in an archive', async () => {
    await ready;
    const path = put('a.h5', '');
    const h5 = new H5File(path, 'w');
    h5.create_group('conv').create_dataset({ name: '0', data: Float32Array.of(1, 2), shape: [2, 1] });
    h5.close();
    const keras = put(
      'a.keras',
      zipFile([
        ['metadata.json', Buffer.from('{}'.padEnd(300))],
        ['model.weights.h5', readFileSync(path)],
      ]),
    );
    for (const one of [path, keras]) {
      const { tensors, files } = await contentOf(one);
      expect(tensors).toEqual([['conv/0', [2, 1], 'float32', Float32Array.of(1, 2)]]);
      expect(files).toEqual([one]);
    }
  });
});

describe('a set', () => {
  const part = (at: string, i: number) => join(at, `m-0000${i}-of-00002.pth`);
  const one = (name: string) => zip(stateDict([[name, tensor(six, { shape: [6], strides: [1] })]]), [six]);

  it('has the tensors of all its files, which are closed with it', async () => {
    const at = mkdtempSync(join(folder, 'set-'));
    for (const i of [1, 2]) writeFileSync(part(at, i), one(`w${i}`));
    const file = await openWeightFile(part(at, 2));
    expect(file).toMatchObject({ files: [part(at, 1), part(at, 2)], leftOut: [], metadata: {} });
    expect([...file.tensors.keys()]).toEqual(['w1', 'w2']);
    file.close();
    for (const { read } of file.tensors.values()) expect(read).toThrow();
  });

  it.skipIf(!listsOpenFiles)(
    'of which one cannot be read leaves no file open (as Linux lists them)',
    async () => {
      const at = mkdtempSync(join(folder, 'set-'));
      writeFileSync(part(at, 1), one('w1'));
      writeFileSync(part(at, 2), 'damaged');
      await expect(openWeightFile(part(at, 1))).rejects.toThrow(/m-00002-of-00002/);
      expect(openFiles().filter((path) => path.startsWith(at))).toEqual([]);
    },
  );
});

describe('what is no file of weights', () => {
  it.each([
    ['a web page', '  <!DOCTYPE html><html>', /web page[\s\S]*file\.ckpt/],
    ['a page without a type', '<html><title>Quota exceeded', /web page/],
    ['an answer in XML', '<?xml version="1.0"?><Error>', /web page/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:1', /git lfs pull/],
    ['an empty file', '', /not known[\s\S]*file\.ckpt[\s\S]*an empty file/],
    ['a text', 'hello', /not known[\s\S]*bytes 104 101 108 108\n/],
    ['a text with a brace', 'hello wo{rld', /not known/],
    ['another archive', zipFile([['metadata.txt', Buffer.alloc(300)]]), /zip archive/],
  ])('%s', async (_, content, message) => {
    await expect(openWeightFile(put('file.ckpt', content))).rejects.toThrow(message);
  });

  it('a folder, or nothing', async () => {
    const asFolder = openWeightFile(`${folder}/`);
    await expect(asFolder).rejects.toThrow(/got: *a folder/);
    await expect(asFolder).rejects.toThrow(`--from ${folder}/*`);
    const missing = openWeightFile(join(folder, 'nothing'));
    await expect(missing).rejects.toThrow(/got: *nothing of that name/);
    await expect(missing).rejects.not.toThrow('/*');
  });
});
