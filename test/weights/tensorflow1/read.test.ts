import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTensorBundle, tensorBundlePrefix } from '../../../src/weights/tensorflow1/read.ts';
import { block, entryOf, header, sealed, table, writeBundle } from './write-bundle.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensor-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('checkpoints by TensorFlow itself', () => {
  it.each([
    ['one', 1],
    ['two', 3],
  ])('%s: names, shapes, types and elements in %i files', (name, count) => {
    const bundle = openTensorBundle(join(fixtures, name));
    const shards = Array.from({ length: count }, (_, i) => `${name}.data-0000${i}-of-0000${count}`);
    expect(bundle.files).toEqual([`${name}.index`, ...shards].map((file) => join(fixtures, file)));
    const found = [...bundle.tensors].map(([key, { shape, dtype }]) => [key, shape, dtype]);
    expect(found).toHaveLength(28);
    expect(found).toContainEqual(['lr', [], 'float32']);
    expect(found).toContainEqual(['global_step', [], 'int64']);
    expect(found).toContainEqual(['net/bias/Adam_1', [3], 'float32']);
    expect([...bundle.tensors.get('lr')!.read()]).toEqual([0.5]);
    for (let layer = 0; layer < 20; layer++) {
      const { shape, read } = bundle.tensors.get(`net/conv${layer}/kernel`)!;
      expect(shape).toEqual([1, 1, 2, layer + 1]);
      expect([...read()]).toEqual(Array.from({ length: 2 * (layer + 1) }, (_, i) => i / 8));
    }
    expect(() => bundle.tensors.get('global_step')!.read()).toThrow(/global_step[\s\S]*int64/);
    expect(bundle.tensors.get('pieces')!.shape).toEqual([4, 2]);
    expect(() => bundle.tensors.get('pieces')!.read()).toThrow(/2 pieces \(a partitioned variable\)/);
    bundle.close();
    expect(() => bundle.tensors.get('lr')!.read()).toThrow();
  });
});

describe('tensorBundlePrefix', () => {
  it('takes any file of a checkpoint, what they have in common, or their folder', () => {
    const prefix = join(folder, 'located/snap-1000');
    writeBundle(prefix, new Map());
    writeFileSync(`${prefix}.meta`, '');
    for (const path of ['.index', '.meta', '.data-00000-of-00001', ''])
      expect(tensorBundlePrefix(`${prefix}${path}`)).toBe(prefix);
    expect(tensorBundlePrefix(join(folder, 'located'))).toBe(prefix);
    expect(tensorBundlePrefix(join(folder, 'located/snap'))).toBeUndefined();
    expect(tensorBundlePrefix(folder)).toBeUndefined();
    writeFileSync(`${prefix}.index.bak`, '');
    expect(tensorBundlePrefix(`${prefix}.index.bak`)).toBeUndefined();
    // It names none.
    writeFileSync(join(folder, 'located/checkpoint'), 'all_model_checkpoint_paths: "a"\n');
    expect(tensorBundlePrefix(join(folder, 'located'))).toBe(prefix);
    expect(tensorBundlePrefix(fileURLToPath(import.meta.url))).toBeUndefined();
  });

  it('believes the file `checkpoint` where there are several, but not its folder', () => {
    const several = join(folder, 'several');
    for (const name of ['a', 'b']) writeBundle(join(several, name), new Map());
    expect(() => tensorBundlePrefix(several)).toThrow(/several[\s\S]*a\.index, b\.index/);
    const paths = ['model_checkpoint_path: "/home/someone/logs/b"', 'all_model_checkpoint_paths: "a"'];
    writeFileSync(join(several, 'checkpoint'), paths.join('\n'));
    expect(tensorBundlePrefix(several)).toBe(join(several, 'b'));
  });
});

it('names of any length, variables without a shape or without elements, and empty blocks are read', () => {
  const prefix = join(folder, 'sound');
  const seven = new Uint8Array(Float32Array.of(7).buffer);
  const long = 'b'.repeat(128);
  // What says that the shape is empty is left out.
  const shapeless = entryOf([], 0, seven);
  const entries: [string, Buffer][] = [
    ['a', Buffer.concat([shapeless.subarray(0, 2), shapeless.subarray(4)])],
    [long, entryOf([1, 1], 0, seven)],
    ['c', entryOf([0, 3], 4, new Uint8Array())],
  ];
  writeFileSync(`${prefix}.index`, table([block([header]), block([]), block(entries)]));
  writeFileSync(`${prefix}.data-00000-of-00001`, seven);
  const { tensors, close } = openTensorBundle(prefix);
  expect([...tensors].map(([name, { shape, read }]) => [name, shape, [...read()]])).toEqual([
    ['a', [], [7]],
    [long, [1, 1], [7]],
    ['c', [0, 3], []],
  ]);
  close();
});

describe('what is refused', () => {
  const written = (index: Buffer): string => {
    const prefix = join(folder, 'written');
    writeFileSync(`${prefix}.index`, index);
    writeFileSync(`${prefix}.data-00000-of-00001`, Buffer.alloc(16));
    return prefix;
  };
  const zeros = (length: number) => new Uint8Array(length);

  it('a missing, short or changed file of elements', () => {
    const prefix = join(folder, 'cut');
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(fixtures, 'one.index'), `${prefix}.index`);
    expect(() => openTensorBundle(prefix)).toThrow(/cut\.data-00000-of-00001[\s\S]*in one folder/);
    const data = `${prefix}.data-00000-of-00001`;
    writeFileSync(
      data,
      readFileSync(join(fixtures, 'one.data-00000-of-00001')).map((byte) => byte ^ 1),
    );
    const changed = openTensorBundle(prefix);
    expect(() => changed.tensors.get('lr')!.read()).toThrow(/damaged[\s\S]*check sum[\s\S]*lr/);
    changed.close();
    truncateSync(data, 3);
    const short = openTensorBundle(prefix);
    expect(() => short.tensors.get('lr')!.read()).toThrow(/damaged[\s\S]*end after 3 bytes/);
    short.close();
  });

  it.each<[string, () => Buffer, RegExp]>([
    [
      'no table',
      () => Buffer.from('a text that is longer than a footer, and ends with no magic number'),
      /magic|db4775/,
    ],
    ['an empty file', () => Buffer.alloc(0), /an empty file/],
    ['a text of other bytes at its end', () => Buffer.from('x'.repeat(48)), /got: *7878787878787878\n/],
    [
      'a block whose bytes have changed',
      () => {
        const index = table([block([header])]);
        index[1] ^= 1;
        return index;
      },
      /another sum at offset 0/,
    ],
    ['more places than bytes', () => table([sealed(Buffer.from([1, 0, 0, 0]))]), /1 places in 4 bytes/],
    ['less than the number of places', () => table([sealed(Buffer.alloc(2))]), /0 places in 2 bytes/],
    [
      'a name that shares more than there is',
      () => table([sealed(Buffer.from([5, 0, 0, 0, 0, 0, 0]))]),
      /shares at most 0 bytes[\s\S]*got: *5/,
    ],
    [
      'a name longer than its block',
      () => table([sealed(Buffer.from([0, 9, 0, 97, 98, 0, 0, 0, 0]))]),
      /9 bytes more in a block[\s\S]*got: *2/,
    ],
    [
      'a number without end',
      () => table([sealed(Buffer.concat([Buffer.alloc(9, 255), Buffer.alloc(4)]))]),
      /more than eight bytes/,
    ],
    ['big-endian numbers', () => table([block([['', Buffer.from([0x08, 1, 0x10, 1])]])]), /little-endian/],
    [
      'too many files',
      () => table([block([['', Buffer.from([0x08, 0xe9, 7])]])]),
      /1 to 1000 files[\s\S]*1001/,
    ],
    [
      'a negative side',
      () =>
        table([block([header, ['a', Buffer.from([8, 1, 0x12, 13, 0x12, 11, 8, ...Array(9).fill(255), 1])]])]),
      /a: \[-1\] in file 0/,
    ],
    ['compression', () => table([sealed(Buffer.alloc(4), 1)]), /compression 1/],
    [
      'a name twice',
      () => table([block([header, ['a', entryOf([], 0, zeros(4))]]), block([['a', zeros(0) as Buffer]])]),
      /every name once/,
    ],
    ['names that grow without end', () => table([sharing()]), /names of at most/],
    ['no header', () => table([block([['a', entryOf([], 0, zeros(4))]])]), /1 to 1000 files/],
    [
      'a file that is not there',
      () =>
        table([block([header, ['a', Buffer.concat([entryOf([], 0, zeros(4)), Buffer.from([0x18, 5])])]])]),
      /in file 5/,
    ],
    ['no message', () => table([block([header, ['a', Buffer.from([0x0f, 0xff])]])]), /"a"/],
  ])('%s', (_, index, message) => {
    expect(() => openTensorBundle(written(index()))).toThrow(message);
  });

  it('an index larger than any', () => {
    const prefix = written(Buffer.alloc(0));
    truncateSync(`${prefix}.index`, 2 ** 24 + 1);
    expect(() => openTensorBundle(prefix)).toThrow(/at most 16777216 bytes[\s\S]*16777217/);
  });

  it('elements that are not as many as the shape says', () => {
    const prefix = written(table([block([header, ['a', entryOf([2, 3], 0, zeros(16))]])]));
    const { tensors, close } = openTensorBundle(prefix);
    expect(() => tensors.get('a')!.read()).toThrow(/elements for \[2,3\][\s\S]*16 bytes/);
    close();
  });
});

/** A block whose names are all longer than the file allows for, and share all but their ends. */
function sharing(): Buffer {
  const start = 'a'.repeat(200_000);
  const entries = Array.from({ length: 400 }, (_, i) => [`${start}${i}`, Buffer.alloc(0)] as const);
  return block(entries, entries.length);
}
