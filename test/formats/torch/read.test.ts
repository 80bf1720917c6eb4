import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTorchFile } from '../../../src/formats/torch/read.ts';
import { UserError } from '../../../src/runtime/errors.ts';
import {
  bytes,
  floats,
  legacyFile,
  none,
  oldStateDict,
  orderedDict,
  pickle,
  type SampleStorage,
  stateDict,
  tensor,
  type ZipOptions,
  zipContents,
  zipFile,
} from './samples.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'torch-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything in a file, by key: shape and elements. */
async function read(content: Uint8Array): Promise<Record<string, [number[], number[]]>> {
  const path = join(folder, 'a.pth');
  writeFileSync(path, content);
  const file = await openTorchFile(path);
  try {
    const entries = [...file.tensors].map(([key, found]) => [key, [[...found.shape], [...found.read()]]]);
    return Object.fromEntries(entries);
  } finally {
    file.close();
  }
}

const zip = (object: Uint8Array, storages: readonly SampleStorage[], options?: ZipOptions) =>
  zipFile(zipContents(pickle.file(object), storages), options);

const six = floats('7', [0, 1, 2, 3, 4, 5]);
const matrix = { shape: [2, 3], strides: [3, 1] };

describe.each([
  ['the old form', legacyFile],
  ['the zip form', zip],
])('a state dict in %s', (_, write) => {
  it('has its tensors in their order', async () => {
    const other = floats('11', [9]);
    const entries = [
      ['b.weight', tensor(six, matrix)],
      ['a.bias', tensor(other, { shape: [1], strides: [1] })],
    ] as const;
    const found = await read(write(stateDict(entries), [six, other]));
    expect(Object.entries(found)).toEqual([
      [
        'b.weight',
        [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
      ],
      ['a.bias', [[1], [9]]],
    ]);
  });

  it('has views of one storage: transposed, offset, strided, expanded, empty, scalar', async () => {
    const entries = [
      ['transposed', tensor(six, { shape: [3, 2], strides: [1, 3] })],
      ['row', tensor(six, { shape: [3], strides: [1], offset: 3 })],
      ['column', tensor(six, { shape: [2], strides: [3], offset: 2 })],
      ['expanded', tensor(six, { shape: [2, 2, 1], strides: [0, 1, 77], offset: 1 })],
      ['empty', tensor(six, { shape: [0, 3], strides: [3, 1], offset: 6 })],
      ['scalar', tensor(six, { shape: [], strides: [], offset: 5 })],
    ] as const;
    expect(await read(write(stateDict(entries), [six]))).toEqual({
      transposed: [
        [3, 2],
        [0, 3, 1, 4, 2, 5],
      ],
      row: [[3], [3, 4, 5]],
      column: [[2], [2, 5]],
      expanded: [
        [2, 2, 1],
        [1, 2, 1, 2],
      ],
      empty: [[0, 3], []],
      scalar: [[], [5]],
    });
  });

  it.each<[string, string, ArrayBufferView, number[]]>([
    ['half', 'HalfStorage', Uint16Array.of(0x3c00, 0xc100, 0x7c00), [1, -2.5, Number.POSITIVE_INFINITY]],
    [
      'bfloat16',
      'BFloat16Storage',
      Uint16Array.of(0x3f80, 0xc020, 0xff80),
      [1, -2.5, Number.NEGATIVE_INFINITY],
    ],
    ['double', 'DoubleStorage', Float64Array.of(1, -2.5, 0.1), [1, -2.5, Math.fround(0.1)]],
    ['int64', 'LongStorage', BigInt64Array.of(1n, -2n, 2n ** 40n), [1, -2, 2 ** 40]],
    ['int32', 'IntStorage', Int32Array.of(1, -2, 2 ** 30), [1, -2, 2 ** 30]],
    ['int16', 'ShortStorage', Int16Array.of(1, -2, 3), [1, -2, 3]],
    ['int8', 'CharStorage', Int8Array.of(1, -2, 3), [1, -2, 3]],
    ['uint8', 'ByteStorage', Uint8Array.of(1, 254, 3), [1, 254, 3]],
    ['bool', 'BoolStorage', Uint8Array.of(1, 0, 1), [1, 0, 1]],
  ])('has numbers of type %s', async (_, className, { buffer }, values) => {
    const storage = { key: '0', className, data: new Uint8Array(buffer), length: 3 };
    const object = stateDict([['x', tensor(storage, { shape: [3], strides: [1] })]]);
    expect(await read(write(object, [storage]))).toEqual({ x: [[3], values] });
  });

  it('may lie deeper, beside other things', async () => {
    const weights = stateDict([['w', tensor(six, matrix)]]);
    const parameter = pickle.call(
      pickle.global('torch._utils', '_rebuild_parameter'),
      tensor(six, { shape: [1], strides: [1] }),
      bytes(0x88),
      pickle.call(orderedDict),
    );
    const object = pickle.dict(
      ...[pickle.text('epoch'), pickle.integer(3)],
      ...[pickle.text('state_dict'), weights],
      ...[pickle.text('moments'), pickle.dict(pickle.integer(0), pickle.list(none, parameter))],
      ...[pickle.text('type'), pickle.global('torch', 'float32')],
    );
    expect(Object.keys(await read(write(object, [six])))).toEqual(['state_dict.w', 'moments.0.1']);
  });

  it('is refused with another object in it, which is named', async () => {
    for (const [module, name] of [
      ['os', 'system'],
      ['builtins', 'eval'],
      ['numpy.core.multiarray', '_reconstruct'],
      ['torch', '__proto__'],
      ['torch.storage', '_load_from_bytes'],
    ] as const) {
      const object = pickle.dict(
        pickle.text('x'),
        pickle.call(pickle.global(module, name), pickle.text('ls')),
      );
      await expect(read(write(object, []))).rejects.toThrow(`${module}.${name}, which is not run`);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a tensor beyond its storage',
      tensor(six, { shape: [2, 3], strides: [3, 1], offset: 1 }),
      /shape \[2,3\]/,
    ],
    [
      'a tensor of overflowing size',
      tensor(six, { shape: Array(64).fill(2 ** 52), strides: Array(64).fill(9) }),
      /within its storage/,
    ],
    ['an expanded tensor larger than the file', tensor(six, { shape: [2 ** 40], strides: [0] }), /too large/],
    ['strides that do not fit the shape', tensor(six, { shape: [2, 3], strides: [1] }), /strides/],
    ['a call of a text', pickle.call(pickle.text('os.system')), /a function/],
    ['items for a number', bytes(pickle.integer(1), '(', none, none, 'u'), /a dictionary/],
    ['a key without a value', bytes('}(', none, 'u'), /keys with values/],
    ['an unknown opcode', bytes(0xff), /opcode 255/],
    ['more taken than there is', bytes('0000'), /empty stack/],
    ['a name of Python that never ends', bytes('c', Buffer.alloc(9999, 97)), /line of at most/],
    ['a text longer than the file', bytes('X', 0xff, 0xff, 0xff, 0x7f), /bytes at offset/],
    ['a text longer than any file', bytes(0x8d, Buffer.alloc(8, 0xff)), /bytes at offset/],
    ['a huge integer', bytes(0x8b, 0xff, 0xff, 0xff, 0x0f), /integer of at most/],
  ])('is refused with %s', async (_, value, message) => {
    const attempt = read(write(pickle.dict(pickle.text('x'), value), [six]));
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('is refused without tensors, or with two of one name', async () => {
    await expect(read(write(pickle.emptyDict, []))).rejects.toThrow(/no tensor/);
    await expect(read(write(tensor(six, matrix), [six]))).rejects.toThrow(/a tensor \[2,3\]/);
    const inner = stateDict([['b', tensor(six, matrix)]]);
    const object = pickle.dict(pickle.text('a'), inner, pickle.text('a.b'), tensor(six, matrix));
    await expect(read(write(object, [six]))).rejects.toThrow(/two named a\.b/);
  });

  it('is refused soon when it would fill the memory', async () => {
    const many = (part: Buffer, times: number) => Buffer.alloc(part.length * times, part);
    // Lists, remembered values, dictionaries from one list again and again, and dictionaries that hold each other.
    const memo = bytes(pickle.integer(1), many(bytes(0x94), 6_000_000));
    const list = bytes(pickle.list(...Array(1000).fill(pickle.list(none, none))), 'q', 0, '0');
    const again = many(bytes(orderedDict, 'h', 0, 0x85, 'R0'), 10_000);
    const nested = [...Array(100)].map((_, i) =>
      bytes('}(', 'K', 1, 'h', i, 'K', 2, 'h', i, 'u', 'q', i + 1),
    );
    const shared = bytes(stateDict([['w', tensor(six, matrix)]]), 'q', 0, ...nested);
    for (const object of [
      many(pickle.emptyList, 600_000),
      memo,
      bytes(list, again),
      shared,
      many(pickle.mark, 600_000),
    ]) {
      const start = performance.now();
      await expect(read(write(object, [six]))).rejects.toThrow(UserError);
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });

  it('is refused when it holds itself', async () => {
    const object = bytes('}', 'q', 0, 'K', 1, 'h', 0, 's');
    await expect(read(write(object, []))).rejects.toThrow(/levels/);
  });
});

describe('the old form', () => {
  it('of Python 2 has byte strings and dictionaries from lists', async () => {
    const { oldText } = pickle;
    const storage = pickle.persistent(
      oldText('storage'),
      pickle.global('torch', 'FloatStorage'),
      oldText('140'),
      oldText('cuda:0'),
      pickle.integer(6),
      none,
    );
    const weight = pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor_v2'),
      storage,
      pickle.integer(0),
      pickle.tuple(pickle.integer(2), pickle.integer(3)),
      pickle.tuple(pickle.integer(3), pickle.integer(1)),
      bytes(0x89),
      pickle.call(orderedDict, pickle.emptyList),
    );
    const metadata = bytes(
      oldStateDict([['conv1.weight', weight]]),
      '}',
      oldText('_metadata'),
      none,
      's',
      'b',
    );
    const file = legacyFile(metadata, [{ ...six, key: '140' }], oldText);
    expect(await read(file)).toEqual({
      'conv1.weight': [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
    });
  });

  it('has views of storages', async () => {
    const view = pickle.tuple(pickle.text('view'), pickle.integer(2), pickle.integer(4));
    const viewed = tensor(six, { shape: [2], strides: [1], offset: 1 }, [view]);
    expect(await read(legacyFile(stateDict([['x', viewed]]), [six]))).toEqual({ x: [[2], [3, 4]] });
    const outside = tensor(six, { shape: [4], strides: [1], offset: 1 }, [view]);
    await expect(read(legacyFile(stateDict([['x', outside]]), [six]))).rejects.toThrow(/in 4 elements/);
    const wrong = pickle.tuple(pickle.text('view'), pickle.integer(2), pickle.integer(5));
    const beyond = tensor(six, { shape: [1], strides: [1] }, [wrong]);
    await expect(read(legacyFile(stateDict([['x', beyond]]), [six]))).rejects.toThrow(/view within/);
  });

  it('is refused when cut off anywhere', async () => {
    const whole = legacyFile(stateDict([['x', tensor(six, matrix)]]), [six]);
    for (let length = 0; length < whole.length; length++)
      await expect(read(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(UserError);
  });

  it('is refused with other storages than the object’s', async () => {
    const object = stateDict([['x', tensor(six, matrix)]]);
    const other = floats('8', [1]);
    await expect(read(legacyFile(object, []))).rejects.toThrow(/elements of storage 7/);
    await expect(read(legacyFile(object, [six, other]))).rejects.toThrow(/each storage/);
    await expect(read(legacyFile(object, [six, six]))).rejects.toThrow(/each storage/);
    await expect(read(legacyFile(object, [{ ...six, length: 5 }]))).rejects.toThrow(/6 elements/);
  });

  it('is told from other pickles', async () => {
    await expect(read(pickle.file(pickle.integer(3)))).rejects.toThrow(/not PyTorch’s/);
    await expect(read(Buffer.from('text'))).rejects.toThrow(/not one of PyTorch’s/);
    await expect(read(Buffer.alloc(0))).rejects.toThrow(/empty/);
  });
});

describe('the zip form', () => {
  const object = stateDict([['x', tensor(six, matrix)]]);
  const expected = {
    x: [
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ],
  };

  it('may have fields for huge files, or no check sums', async () => {
    expect(await read(zip(object, [six], { zip64: true }))).toEqual(expected);
    expect(await read(zip(object, [six], { checkSums: false }))).toEqual(expected);
  });

  it('may be big-endian', async () => {
    const data = Buffer.from(six.data).swap32();
    const contents = zipContents(pickle.file(object), [{ ...six, data }]).map(
      ([name, content]) => [name, name.endsWith('byteorder') ? Buffer.from('big') : content] as const,
    );
    expect(await read(zipFile(contents))).toEqual(expected);
  });

  it('is refused when cut off anywhere', async () => {
    const whole = zip(object, [six]);
    for (let length = 0; length < whole.length; length += 3)
      await expect(read(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(UserError);
  });

  it('is refused with any byte of its storages or its pickle changed', async () => {
    const whole = zip(object, [six]);
    for (const part of [Buffer.from(six.data), pickle.file(object)]) {
      const changed = Buffer.from(whole);
      changed[changed.indexOf(part) + 5]! ^= 1;
      await expect(read(changed)).rejects.toThrow(/check sum/);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['compressed', zip(object, [six], { compression: 8 }), /uncompressed/],
    ['without an object', zipFile([['a/b.txt', bytes('x')]]), /a\/b\.txt/],
    [
      'with two objects',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['b/data.pkl', bytes('x')],
      ]),
      /not one of PyTorch/,
    ],
    [
      'with an entry twice',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['a/data.pkl', bytes('x')],
      ]),
      /two entries/,
    ],
    ['that leads out of its folder', zipFile([['../data.pkl', bytes('x')]]), /relative path/],
    [
      'of TorchScript',
      zipFile([
        ['a/data.pkl', bytes('x')],
        ['a/constants.pkl', bytes('x')],
      ]),
      /TorchScript/,
    ],
    ['without a storage', zip(object, []), /data\/7/],
    ['with a short storage', zip(object, [{ ...six, data: six.data.subarray(4) }]), /24 bytes/],
  ])('is refused %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});
