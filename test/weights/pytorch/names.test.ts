/** The names of Python that PyTorch's files have, and what they make. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTorchFile } from '../../../src/weights/pytorch/read.ts';
import { temporaryFolder } from '../../data/support.ts';
import { listsOpenFiles, openFiles } from '../../open-files.ts';
import { matrix, read, six, zip } from './reading.ts';
import {
  bytes,
  floats,
  legacyFile,
  none,
  orderedDict,
  pickle,
  type SampleStorage,
  stateDict,
  tensor,
} from './samples.ts';

const folder = await temporaryFolder();
const { call, global, integer, list, persistent, text, tuple } = pickle;
const storageOf = ({ key, className, length }: SampleStorage, module = 'torch', device = text('cpu')) =>
  persistent(text('storage'), global(module, className), text(key), device, integer(length));
const stored = storageOf(six);
const numbers = [0, 1, 2, 3, 4, 5];
const pair = (...numbers: number[]) => tuple(...numbers.map(integer));
const utils = (name: string) => global('torch._utils', name);
const zipOf = (value: Uint8Array, storages = [six]) => zip(pickle.dict(text('x'), value), storages);
const whole = tensor(six, matrix);

/** `torch._utils._rebuild_tensor_v3(storage, offset, shape, strides, False, OrderedDict(), type)`, of a storage of bytes. */
function typed(name: string, data: ArrayBufferView, count: number, storage?: Uint8Array) {
  const content = new Uint8Array(data.buffer);
  const untyped = { key: '0', className: 'UntypedStorage', data: content, length: content.length };
  const value = call(
    utils('_rebuild_tensor_v3'),
    storage ?? storageOf(untyped, 'torch.storage'),
    integer(0),
    pair(count),
    pair(1),
    bytes(0x89),
    call(orderedDict),
    name === '' ? none : global('torch', name),
  );
  return zipOf(value, [untyped]);
}

describe('tensors', () => {
  it.each<[string, Uint8Array]>([
    ['as before version 0.4', call(utils('_rebuild_tensor'), stored, integer(0), pair(2, 3), pair(3, 1))],
    [
      'of a class of its own',
      call(
        global('torch._tensor', '_rebuild_from_type_v2'),
        utils('_rebuild_tensor_v2'),
        none,
        tuple(stored, integer(0), pair(2, 3), pair(3, 1)),
        none,
      ),
    ],
    ['that are parameters', call(utils('_rebuild_parameter'), whole, bytes(0x88), call(orderedDict))],
    [
      'that are parameters with a state',
      call(utils('_rebuild_parameter_with_state'), whole, bytes(0x88), call(orderedDict), none),
    ],
    [
      'whose shape is a torch.Size',
      call(
        utils('_rebuild_tensor_v2'),
        stored,
        integer(0),
        call(global('torch', 'Size'), list(integer(2), integer(3))),
        pair(3, 1),
      ),
    ],
    [
      'whose storage is on a torch.device',
      call(
        utils('_rebuild_tensor_v2'),
        storageOf(six, 'torch', call(global('torch', 'device'), text('cpu'))),
        integer(0),
        pair(2, 3),
        pair(3, 1),
      ),
    ],
  ])('%s', async (_, value) => {
    expect(await read(zipOf(value))).toEqual({ x: [[2, 3], numbers] });
  });

  it('in dictionaries of other kinds, beside dates, types and devices', async () => {
    const object = bytes(
      call(global('collections', 'defaultdict'), none),
      '(',
      ...[text('x'), whole],
      ...[text('type'), global('torch', 'float16')],
      ...[text('device'), call(global('torch', 'device'))],
      ...[text('tuple'), tuple(tensor(six, { shape: [], strides: [], offset: 4 }))],
      'u',
    );
    expect(await read(zip(object, [six]))).toEqual({ x: [[2, 3], numbers], 'tuple.0': [[], [4]] });
  });

  it.each<[string, ArrayBufferView, number[]]>([
    ['float8_e4m3fn', Uint8Array.of(0x38, 0xb8), [1, -1]],
    ['float8_e5m2', Uint8Array.of(0x3c, 0xc0), [1, -2]],
    ['uint16', Uint16Array.of(1, 65535), [1, 65535]],
    ['uint32', Uint32Array.of(1, 2 ** 32 - 1), [1, 2 ** 32 - 1]],
    ['uint64', BigUint64Array.of(1n, 2n ** 60n), [1, 2 ** 60]],
    ['float32', Float32Array.of(1, -2), [1, -2]],
  ])('of %s in a storage of bytes', async (name, data, values) => {
    expect(await read(typed(name, data, 2))).toEqual({ x: [[2], values] });
  });

  it.each([
    ['HalfStorage', Uint16Array.of(0x3c00, 0xc000)],
    ['DoubleStorage', Float64Array.of(1, -2)],
    ['CharStorage', Int8Array.of(1, -2)],
  ])('big-endian of %s', async (className, { buffer }) => {
    const data = Buffer.from(buffer);
    const storage: SampleStorage = { key: '0', className, data, length: 2 };
    if (className === 'HalfStorage') data.swap16();
    if (className === 'DoubleStorage') data.swap64();
    const object = pickle.dict(text('x'), tensor(storage, { shape: [2], strides: [1] }));
    const content = Buffer.from(zip(object, [storage], { checkSums: false }));
    content.write('big\0\0\0', content.indexOf('little'), 'latin1');
    await expect(read(content)).rejects.toThrow(/byte order[\s\S]*"big/);
    // The entry says how long it is.
    for (
      let at = content.indexOf('archive/byteorder');
      at >= 0;
      at = content.indexOf('archive/byteorder', at + 1)
    ) {
      const header = content.lastIndexOf('PK', at);
      const sizes = header + (content[header + 2] === 3 ? 18 : 20);
      content.writeUInt32LE(3, sizes);
      content.writeUInt32LE(3, sizes + 4);
    }
    expect(await read(content)).toEqual({ x: [[2], [1, -2]] });
  });
});

describe('what is refused', () => {
  const rebuilt = (...args: Uint8Array[]) => call(utils('_rebuild_tensor_v2'), ...args);
  const big = bytes(0x8a, 9, Buffer.alloc(8), 1);
  const shorter = { ...six, length: 5 };
  it.each<[string, Uint8Array, RegExp]>([
    [
      'a tensor without a storage',
      rebuilt(none, integer(0), pair(6), pair(1)),
      /a tensor’s storage[\s\S]*None/,
    ],
    [
      'a typed tensor without a storage',
      call(utils('_rebuild_tensor_v3'), none),
      /a tensor’s storage[\s\S]*None/,
    ],
    ['a shape that is a number', rebuilt(stored, integer(0), integer(6), pair(1)), /a tuple or list[\s\S]*6/],
    ['an offset that is a text', rebuilt(stored, text('0'), pair(6), pair(1)), /a whole number[\s\S]*"0"/],
    [
      'a negative side',
      rebuilt(stored, integer(0), tuple(bytes('J', 0xff, 0xff, 0xff, 0xff)), pair(1)),
      /not negative[\s\S]*-1/,
    ],
    [
      'a side of 2^64',
      rebuilt(stored, integer(0), tuple(big), pair(1)),
      /a whole number[\s\S]*18446744073709551616/,
    ],
    [
      'half a side',
      rebuilt(stored, integer(0), tuple(bytes('G', 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)), pair(1)),
      /a whole number[\s\S]*0\.5/,
    ],
    [
      '65 dimensions',
      tensor(six, { shape: Array(65).fill(1), strides: Array(65).fill(1) }),
      /within its storage/,
    ],
    [
      'fewer strides than sides',
      tensor(six, { shape: [2, 1], strides: [1] }),
      /shape \[2,1\] with strides \[1\]/,
    ],
    [
      'an id that is not a storage’s',
      persistent(text('other'), global('torch', 'FloatStorage'), text('7')),
      /a storage’s id[\s\S]*"other"/,
    ],
    ['a storage of no class', persistent(text('storage'), none, text('7')), /a storage’s id[\s\S]*None/],
    [
      'a storage whose key is a number',
      persistent(text('storage'), global('torch', 'FloatStorage'), integer(7)),
      /a storage’s id[\s\S]*7/,
    ],
    ['a storage of two lengths', list(stored, storageOf(shorter)), /one type and length for storage 7/],
    [
      'a storage of two types',
      list(stored, storageOf({ ...six, className: 'IntStorage' })),
      /one type and length for storage 7/,
    ],
    [
      'a class that is rebuilt by a number',
      call(global('torch._tensor', '_rebuild_from_type_v2'), integer(1), none, tuple()),
      /a function[\s\S]*1/,
    ],
    [
      'a parameter of a number',
      call(utils('_rebuild_parameter'), integer(1)),
      /a parameter’s tensor[\s\S]*1/,
    ],
    [
      'an item without a value',
      call(orderedDict, list(list(text('a')))),
      /a key with its value[\s\S]*a list of 1/,
    ],
    ['an item of nothing', call(orderedDict, list(tuple())), /a key with its value[\s\S]*a tuple of 0/],
  ])('%s', async (_, value, message) => {
    await expect(read(zipOf(value))).rejects.toThrow(message);
  });

  it('a type of elements that is not known, or a part of a storage of bytes', async () => {
    const data = Float32Array.of(1, -2);
    await expect(read(typed('', data, 2))).rejects.toThrow(/a type of elements[\s\S]*None/);
    await expect(read(typed('uint16', data, 9))).rejects.toThrow(/within its storage/);
    const view = tuple(text('view'), integer(1), integer(4));
    const id = [
      text('storage'),
      global('torch.storage', 'UntypedStorage'),
      text('0'),
      text('cpu'),
      integer(8),
      view,
    ];
    await expect(read(typed('uint16', data, 2, persistent(...id)))).rejects.toThrow(
      /a whole storage[\s\S]*view of 0/,
    );
  });

  it('views of storages that are not within them', async () => {
    const view = (...rest: Uint8Array[]) => {
      const viewed = tensor(six, { shape: [1], strides: [1] }, [tuple(text('view'), ...rest)]);
      return read(legacyFile(stateDict([['x', viewed]]), [six]));
    };
    await expect(view(integer(2))).rejects.toThrow(/a view within storage 7/);
    await expect(view()).rejects.toThrow(/a view within storage 7/);
    await expect(view(integer(2), integer(5))).rejects.toThrow(/a view within storage 7/);
    expect(await view(integer(2), integer(4))).toEqual({ x: [[1], [2]] });
  });

  it('whole modules, by their name', async () => {
    const object = persistent(text('module'), none, none);
    await expect(read(legacyFile(object, []))).rejects.toThrow(/torch\.nn\.Module, which is not run/);
  });

  it('an old file of another version, or without a list of storages', async () => {
    const content = legacyFile(stateDict([['x', whole]]), [six]);
    const version = Buffer.from(content);
    version.writeUInt16LE(1002, content.indexOf(bytes('M', 0xe9, 3)) + 1);
    await expect(read(version)).rejects.toThrow(/version 1001[\s\S]*1002/);
    const keys = Buffer.from(content);
    // None, above which a mark and what came after it are dropped.
    const at = content.lastIndexOf('](');
    keys.write('N(', at);
    keys.write('1', keys.indexOf('e.', at));
    await expect(read(keys)).rejects.toThrow(/list of the storages’ keys[\s\S]*None/);
  });
});

describe('names of tensors', () => {
  const nested = (depth: number) => {
    let value: Uint8Array = whole;
    for (let i = 0; i < depth; i++) value = pickle.dict(text('a'), value);
    return zip(value, [six]);
  };

  it('have sixteen parts at most', async () => {
    expect(Object.keys(await read(nested(16)))).toEqual([Array(16).fill('a').join('.')]);
    await expect(read(nested(17))).rejects.toThrow(/in 16 levels/);
  });

  it('are texts and numbers: what has another key is left out', async () => {
    const object = pickle.dict(text('x'), whole, integer(3), whole, none, whole, tuple(), whole);
    expect(Object.keys(await read(zip(object, [six]))).sort()).toEqual(['3', 'x']);
  });

  it('number a hundred thousand at most, with all that stands beside them', async () => {
    const many = (count: number) =>
      zip(pickle.dict(text('x'), whole, text('y'), bytes('](', Buffer.alloc(count, 'N'), 'e')), [six]);
    expect(Object.keys(await read(many(99_997)))).toEqual(['x']);
    await expect(read(many(99_998))).rejects.toThrow(/at most 100000 entries/);
  });
});

it('what is left out is named, and nothing is read from a file that was closed', async () => {
  const path = join(folder, 'a.pth');
  const system = pickle.global('os', 'system');
  writeFileSync(path, zip(pickle.dict(text('x'), whole, text('y'), system, text('z'), system), [six]));
  const { tensors, leftOut, close } = await openTorchFile(path);
  expect(leftOut).toEqual(['os.system']);
  close();
  if (listsOpenFiles) expect(openFiles()).not.toContain(path);
  expect(tensors.get('x')!.read).toThrow();
});

it('files are PyTorch’s by their first bytes: an archive, or a pickle of protocol 2 to 5', async () => {
  for (const protocol of [2, 5])
    await expect(read(pickle.file(integer(3), protocol))).rejects.toThrow(
      /a Python pickle, but not PyTorch’s/,
    );
  for (const [first, second] of [
    [0x80, 1],
    [0x80, 6],
    [0x7f, 2],
    [0x51, 0x4b],
  ])
    await expect(read(bytes(first, second, 3, 4))).rejects.toThrow(
      `got:      a file that begins with the bytes ${first} ${second} 3 4`,
    );
  await expect(read(Buffer.alloc(0))).rejects.toThrow('got:      an empty file');
});

it('a file of two storages of one length has each where it belongs', async () => {
  const other = floats('8', [9, 8, 7, 6, 5, 4]);
  const object = stateDict([
    ['a', tensor(other, matrix)],
    ['b', whole],
  ]);
  for (const content of [zip(object, [six, other]), legacyFile(object, [six, other])])
    expect(await read(content)).toEqual({
      a: [
        [2, 3],
        [9, 8, 7, 6, 5, 4],
      ],
      b: [[2, 3], numbers],
    });
});
